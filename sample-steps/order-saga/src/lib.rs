//! An order in three steps that others can undo: reserve, charge, ship; release, refund; and a word to the customer.
//!
//! No step knows of the others. `workflow.json` says what is done in which order, and what is undone when one fails.

mod services;

use std::time::Duration;

use reentry_step::{Context, Level, Result, Retry, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use services::Request;

/// What a customer sends in. The steps take from it what they need.
#[derive(Deserialize, JsonSchema)]
struct Order {
    #[schemars(length(min = 1))]
    order_id: String,
    #[schemars(length(min = 1))]
    items: Vec<Item>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    sku: String,
    #[schemars(range(min = 1))]
    quantity: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Reservation {
    reservation_id: String,
}

async fn reserve(ctx: Context, order: Order) -> Result<Reservation> {
    let items = order.items.iter().map(|item| (item.sku.as_str(), item.quantity));
    let reservation_id = services::reserve(&request(&ctx, "reserve", &order.order_id)?, items)?;
    Ok(Reservation { reservation_id })
}

#[derive(Deserialize, JsonSchema)]
struct Payment {
    card: String,
    /// In hundredths.
    #[schemars(range(min = 1))]
    amount_cents: u64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Charge {
    charge_id: String,
    /// In hundredths.
    amount_cents: u64,
}

async fn charge(ctx: Context, payment: Payment) -> Result<Charge> {
    let charge_id = services::charge(&request(&ctx, "charge", &payment.card)?)?;
    Ok(Charge { charge_id, amount_cents: payment.amount_cents })
}

#[derive(Deserialize, JsonSchema)]
struct Parcel {
    reservation_id: String,
    /// Two letters, as in SE.
    #[schemars(regex(pattern = r"^[A-Z]{2}$"))]
    country: String,
}

#[derive(Serialize, JsonSchema)]
struct Shipment {
    tracking_number: String,
}

async fn ship(ctx: Context, parcel: Parcel) -> Result<Shipment> {
    let tracking_number = services::ship(&request(&ctx, "ship", &parcel.reservation_id)?, &parcel.country)?;
    Ok(Shipment { tracking_number })
}

#[derive(Serialize, JsonSchema)]
struct Refund {
    refund_id: String,
    /// In hundredths.
    amount_cents: u64,
}

async fn refund(ctx: Context, charge: Charge) -> Result<Refund> {
    let refund_id = services::refund(&request(&ctx, "refund", &charge.charge_id)?);
    Ok(Refund { refund_id, amount_cents: charge.amount_cents })
}

async fn release(ctx: Context, reservation: Reservation) -> Result<Reservation> {
    request(&ctx, "release", &reservation.reservation_id)?;
    Ok(reservation)
}

#[derive(Deserialize, JsonSchema)]
struct Notice {
    to: String,
    text: String,
}

async fn notify(ctx: Context, notice: Notice) -> Result<()> {
    request(&ctx, "notify", &format!("{}: {}", notice.to, notice.text))?;
    Ok(())
}

/// A request to a service, told to the log. Tries of one call share the key, so a service that has done it already does nothing.
fn request(ctx: &Context, what: &'static str, about: &str) -> Result<Request> {
    let request =
        Request { about: about.into(), idempotency_key: ctx.idempotency_key(), attempt: ctx.attempt() };
    ctx.log(Level::Info, what, &request)?;
    Ok(request)
}

/// What undoes has to work in the end, so it is patient.
fn undoing() -> Retry {
    Retry::times(10).delay(Duration::from_secs(5)).backoff(2.0).max_delay(Duration::from_secs(600))
}

reentry_step::export! {
    Step::new("reserve", reserve).title("Reserve the goods"),
    Step::new("charge", charge)
        .title("Charge the card")
        .retry(Retry::times(3).delay(Duration::from_secs(2)).backoff(2.0)),
    Step::new("ship", ship).title("Hand the parcel to a carrier"),
    Step::new("refund", refund).title("Pay the charge back").retry(undoing()),
    Step::new("release", release).title("Free what was reserved").retry(undoing()),
    Step::new("notify", notify).title("Tell the customer"),
}
