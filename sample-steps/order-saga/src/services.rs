//! The services that the steps call, played by functions: the same key gives the same answer, and some requests fail.

use reentry_step::{Error, Result};
use serde::Serialize;

/// More pieces of one article than this are not in stock.
const STOCK: u32 = 100;
/// No carrier goes there.
const UNREACHABLE: &str = "AQ";
/// A card that the bank refuses.
const DECLINED: &str = "card-declined";
/// A card whose bank is too busy for the first requests.
const BUSY: &str = "card-busy";
const BUSY_TRIES: u32 = 2;
/// A card whose bank never answers.
const SILENT: &str = "card-silent";

/// What every request carries.
#[derive(Serialize)]
pub struct Request {
    /// The order, card, reservation or charge that it is about.
    pub about: String,
    pub idempotency_key: String,
    /// Tries before this one.
    pub attempt: u32,
}

/// Sets goods aside. Returns the id of the reservation.
pub fn reserve<'a>(request: &Request, items: impl IntoIterator<Item = (&'a str, u32)>) -> Result<String> {
    for (sku, quantity) in items {
        if quantity > STOCK {
            let message = format!("{}: {quantity} of {sku} are not in stock", request.about);
            return Err(Error::new(message).code("out-of-stock"));
        }
    }
    Ok(id("rsv", request))
}

/// Takes money. Returns the id of the charge.
pub fn charge(request: &Request) -> Result<String> {
    match request.about.as_str() {
        DECLINED => Err(Error::new("the bank refuses the card").code("card-declined")),
        BUSY if request.attempt < BUSY_TRIES => Err(Error::retryable("the bank is busy").code("bank-busy")),
        SILENT => Err(Error::retryable("the bank does not answer").code("bank-silent")),
        _ => Ok(id("chg", request)),
    }
}

/// Has what was reserved sent. Returns the tracking number.
pub fn ship(request: &Request, country: &str) -> Result<String> {
    if country == UNREACHABLE {
        let message = format!("no carrier takes {} to {country}", request.about);
        return Err(Error::new(message).code("no-carrier"));
    }
    Ok(id("trk", request))
}

/// Gives the money of a charge back. Returns the id of the refund.
pub fn refund(request: &Request) -> String {
    id("rfd", request)
}

/// What a service would look up by the key, or make: the same each time.
fn id(kind: &str, request: &Request) -> String {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = request.idempotency_key.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    format!("{kind}-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(card: &str, key: &str, attempt: u32) -> Request {
        Request { about: card.into(), idempotency_key: key.into(), attempt }
    }

    #[test]
    fn a_request_that_is_made_again_charges_once() {
        let first = charge(&request("card-good", "run/charge/1", 0)).expect("the card is good");
        let again = charge(&request("card-good", "run/charge/1", 1)).expect("the card is good");
        let other = charge(&request("card-good", "run/charge/2", 0)).expect("the card is good");
        assert_eq!(first, again);
        assert_ne!(first, other);
    }

    #[test]
    fn a_busy_bank_can_be_tried_again() {
        let tries = [0, 1, 2].map(|attempt| charge(&request(BUSY, "run/charge/1", attempt)).is_ok());
        assert_eq!(tries, [false, false, true]);
    }
}
