use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;

type Reserving = Pin<Box<dyn Future<Output = Result<Reservation, oneshot::error::RecvError>>>>;

fn asked(tenant: &str, bytes: u64) -> Asked {
    Asked { tenant: TenantId::new(tenant).unwrap(), at_once: 75, component: Some(component(1)), bytes }
}

fn component(number: u8) -> ComponentDigest {
    ComponentDigest::of(&[number])
}

/// Asks for it; the reservation if there is room at once.
fn ask(budget: &Arc<MemoryBudget>, tenant: &str, bytes: u64) -> Result<Reservation, Reserving> {
    let (budget, asked) = (Arc::clone(budget), asked(tenant, bytes));
    look(Box::pin(async move { budget.reserve(asked).await }))
}

fn look(mut reserving: Reserving) -> Result<Reservation, Reserving> {
    match reserving.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reserved) => Ok(reserved.unwrap()),
        Poll::Pending => Err(reserving),
    }
}

fn has(budget: &MemoryBudget) -> (u64, usize) {
    let used = budget.used();
    (used.reserved, used.waiting)
}

#[test]
fn what_there_is_no_room_for_waits_and_large_asks_are_not_passed_over() {
    let budget = MemoryBudget::new(100);
    let first = ask(&budget, "a", 60).ok().unwrap();
    let large = ask(&budget, "b", 70).err().unwrap();
    // There is room for it, but it came later.
    let small = ask(&budget, "c", 10).err().unwrap();
    assert_eq!(has(&budget), (60, 2));
    drop(first);
    let (large, small) = (look(large).ok().unwrap(), look(small).ok().unwrap());
    assert_eq!(has(&budget), (80, 0));
    drop((large, small));
    assert_eq!((has(&budget), budget.used().peak), ((0, 0), 80));
    assert!(budget.lock().tenants.is_empty());
}

#[test]
fn one_tenant_s_calls_leave_room_for_others() {
    let budget = MemoryBudget::new(100);
    let first = ask(&budget, "a", 40).ok().unwrap();
    let second = ask(&budget, "a", 36).err().unwrap();
    // Within the share, but behind another one of the same tenant.
    let third = ask(&budget, "a", 5).err().unwrap();
    // Another tenant does not wait behind them.
    let other = ask(&budget, "b", 50).ok().unwrap();
    assert_eq!(has(&budget), (90, 2));
    drop(first);
    let second = look(second).ok().unwrap();
    let third = look(third).ok().unwrap();
    assert_eq!(has(&budget), (91, 0));
    drop((second, third, other));
    // More than the share, for one that is alone.
    assert!(ask(&budget, "a", 100).is_ok());
}

#[test]
fn who_leaves_the_queue_is_in_nobody_s_way() {
    let budget = MemoryBudget::new(100);
    let first = ask(&budget, "a", 60).ok().unwrap();
    let large = ask(&budget, "b", 70).err().unwrap();
    let small = ask(&budget, "c", 10).err().unwrap();
    drop(large);
    let small = look(small).ok().unwrap();
    assert_eq!(has(&budget), (70, 0));
    // One that leaves when it was served already gives back what it got.
    let late = ask(&budget, "b", 50).err().unwrap();
    drop(first);
    assert_eq!(has(&budget), (60, 0));
    drop(late);
    assert_eq!(has(&budget), (10, 0));
    drop(small);
    assert!(budget.lock().tenants.is_empty());
}

#[test]
fn growth_is_given_out_of_what_is_free() {
    let budget = MemoryBudget::new(100);
    let first = ask(&budget, "a", 10).ok().unwrap();
    let other = ask(&budget, "b", 30).ok().unwrap();
    assert!(first.may_have(5) && first.may_have(70) && first.may_have(70));
    assert_eq!(has(&budget), (100, 0));
    assert!(!first.may_have(71), "there is no more");
    drop(other);
    let second = ask(&budget, "a", 5).ok().unwrap();
    assert!(!first.may_have(71), "more than the share, with another call of the tenant");
    drop(second);
    assert!(first.may_have(90));
    drop(first);
    // What is known of the component is what was wanted.
    assert_eq!((budget.likely(component(1)), budget.likely(component(2))), (90, UNKNOWN_BYTES));
}

#[test]
fn calls_wait_for_room_beside_open_components() {
    let budget = MemoryBudget::new(100);
    let held = budget.hold(50);
    let first = ask(&budget, "a", 40).ok().unwrap();
    let second = ask(&budget, "b", 40).err().unwrap();
    assert!(!first.may_have(60));
    drop(held);
    let second = look(second).ok().unwrap();
    drop((first, second));
    // A call that is alone goes on whatever is open: otherwise none would close it.
    let _held = budget.hold(90);
    assert!(ask(&budget, "a", 75).is_ok());
}
