//! Bytes in hexadecimal.

use std::fmt;

/// Writes bytes as lower-case digits, many at a time: the ids and digests of a run are written with its head at every
/// commit.
pub(crate) fn write(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for part in bytes.chunks(32) {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(part) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        let written = text.get(..2 * part.len()).and_then(|text| str::from_utf8(text).ok());
        f.write_str(written.ok_or(fmt::Error)?)?;
    }
    Ok(())
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        struct Shown([u8; 70]);
        impl fmt::Display for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(&self.0, f)
            }
        }
        let bytes: [u8; 70] = std::array::from_fn(|at| u8::try_from(at * 3 + 7).unwrap_or(0));
        let wanted: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Shown(bytes).to_string(), wanted);
    }
}
