//! Processor time of guests: a guest computes for one slice at a time, until the runtime's next tick, and slices go to
//! tenants in turn. So as many guests compute as there are processors, however many calls are under way; on a runtime
//! with a thread more than that, all else that is to be done waits behind none of them.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use reentry_core::id::TenantId;
use reentry_store::turns::{Place, Share, Turns};

/// Waits for a slice.
type Waiting<'t> = Pin<Box<dyn Future<Output = Place<TenantId>> + Send + 't>>;

/// How many guests compute at once: one for each thread that drives tasks, and no more than there are processors.
pub(crate) fn at_once() -> u32 {
    let threads = tokio::runtime::Handle::current().metrics().num_workers();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(threads.min(processors)).unwrap_or(u32::MAX)
}

/// Does work of a tenant's, slice by slice: from one moment at which it waits to the next.
pub(crate) async fn in_slices<T>(
    slices: &Turns<TenantId>,
    tenant: &TenantId,
    share: Share,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let mut waiting: Option<Waiting<'_>> = None;
    poll_fn(|context| {
        let slice = match waiting.as_mut() {
            Some(waiting) => waiting.as_mut().poll(context),
            None => match slices.try_take(tenant, share) {
                Some(slice) => Poll::Ready(slice),
                None => waiting.insert(Box::pin(slices.take(tenant, share))).as_mut().poll(context),
            },
        };
        // Whatever the work waits for has its own way to wake it, and it has a slice then.
        let Poll::Ready(_slice) = slice else { return Poll::Pending };
        waiting = None;
        work.as_mut().poll(context)
    })
    .await
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Four of one tenant wait for a slice when another one comes.
    #[tokio::test]
    async fn slices_go_to_tenants_in_turn() {
        let slices = Turns::short(1);
        let [many, one] = ["many", "one"].map(|name| TenantId::new(name).unwrap());
        let order = Arc::new(Mutex::new(String::new()));
        // Keeps the only slice until all wait for it.
        let first = slices.try_take(&many, Share::default()).unwrap();
        let mut tasks = Vec::new();
        for (tenant, letter, count) in [(&many, 'm', 4), (&one, 'o', 1)] {
            for _ in 0..count {
                let (slices, tenant, order) = (slices.clone(), tenant.clone(), Arc::clone(&order));
                tasks.push(tokio::spawn(async move {
                    let work = async {
                        for _ in 0..5 {
                            order.lock().unwrap().push(letter);
                            tokio::task::yield_now().await;
                        }
                    };
                    in_slices(&slices, &tenant, Share::default(), work).await;
                }));
            }
        }
        while slices.waiting() < 5 {
            tokio::task::yield_now().await;
        }
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.lock().unwrap().clone();
        assert_eq!(order.len(), 25);
        assert!(order.find('o').unwrap() <= 1, "{order}");
        assert_eq!(slices.waiting(), 0);
        assert!(slices.try_take(&one, Share::default()).is_some());
    }

    #[tokio::test]
    async fn work_that_is_given_up_leaves_no_one_waiting() {
        let slices = Turns::short(1);
        let tenant = TenantId::default();
        let held = slices.try_take(&tenant, Share::default()).unwrap();
        let work = in_slices(&slices, &tenant, Share::default(), async {});
        let given_up = tokio::select! { biased; () = work => false, () = tokio::task::yield_now() => true };
        assert!(given_up);
        assert_eq!(slices.waiting(), 0);
        drop(held);
        in_slices(&slices, &tenant, Share::default(), async {}).await;
    }
}
