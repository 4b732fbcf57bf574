//! One order, from the fields of its row.

/// The columns, in their order.
pub const COLUMNS: [&str; 8] =
    ["date", "order_id", "customer", "country", "product", "quantity", "unit_price", "currency"];

/// The currencies that the books are kept in.
const CURRENCIES: [&str; 5] = ["DKK", "EUR", "GBP", "NOK", "SEK"];

pub struct Order {
    pub id: String,
    pub country: String,
    pub product: String,
    pub quantity: u32,
    pub unit_price_cents: u64,
    pub currency: String,
}

impl Order {
    /// Reads the fields of a row, or says what is wrong with the first one that is.
    pub fn parse(fields: &[String]) -> Result<Self, String> {
        let [date, id, _customer, country, product, quantity, unit_price, currency] = fields else {
            return Err(format!("expected {} fields, found {}", COLUMNS.len(), fields.len()));
        };
        if !is_date(date) {
            return Err(format!("{date:?} is no date"));
        }
        if id.is_empty() {
            return Err("there is no order id".into());
        }
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("{country:?} is no country of two capital letters"));
        }
        let pieces = quantity.parse().ok().filter(|&pieces| pieces > 0);
        let pieces = pieces.ok_or_else(|| format!("{quantity:?} is no quantity"))?;
        let unit_price_cents = cents(unit_price).ok_or_else(|| format!("{unit_price:?} is no price"))?;
        if !CURRENCIES.contains(&currency.as_str()) {
            return Err(format!("{currency:?} is none of {}", CURRENCIES.join(", ")));
        }
        Ok(Self {
            id: id.clone(),
            country: country.clone(),
            product: product.clone(),
            quantity: pieces,
            unit_price_cents,
            currency: currency.clone(),
        })
    }
}

/// Hundredths of a price such as `12`, `12.5` or `12.50`, which must be above zero.
fn cents(price: &str) -> Option<u64> {
    let (whole, fraction) = price.split_once('.').unwrap_or((price, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
        return None;
    }
    let fraction = format!("{fraction:0<2}").parse::<u64>().ok()?;
    let cents = whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(fraction)?;
    (cents > 0).then_some(cents)
}

/// Whether this is a day of the calendar, as in 2026-02-28.
fn is_date(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    let [Some(year), Some(month), Some(day)] = parts[..] else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    text.len() == 10 && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_without_floating_point() {
        for (text, expected) in [("12", Some(1200)), ("12.5", Some(1250)), ("0.07", Some(7))] {
            assert_eq!(cents(text), expected, "{text}");
        }
        for text in ["", "-1", "1,50", "1.234", "0.00", "1.", ".5", "99999999999999999999"] {
            assert_eq!(cents(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        assert!(is_date("2026-02-28") && is_date("2028-02-29") && is_date("2026-12-31"));
        for text in ["2026-02-29", "2026-13-01", "2026-1-01", "28.02.2026", "2026-04-31", ""] {
            assert!(!is_date(text), "{text}");
        }
    }
}
