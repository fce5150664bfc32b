//! Values written as text: durations, sizes, mode bits, names.

use std::time::Duration;

/// `250ms`, `10s`, `5m`, `2h`, `1d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{}` is not a duration; write it like \"10s\", \"5m\" or \"2h\"", shown(text));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(bad)?;
    let number: u64 = number.parse().map_err(|_| bad())?;
    let millis = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(bad()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(bad)
}

/// `512 MiB`, `2 GiB`, `100 MB`, `4096`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let bad = || format!("`{}` is not a size; write it like \"512 MiB\" or \"2 GiB\"", shown(text));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(bad)?;
    let number: u64 = number.parse().map_err(|_| bad())?;
    let factor: u64 = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err(bad()),
    };
    number.checked_mul(factor).ok_or_else(bad)
}

/// `0664`: octal permission bits that let at least the owner read and write, without set-id bits.
pub(super) fn mode(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let plain = (3..=4).contains(&digits.len()) && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    match u32::from_str_radix(digits, 8) {
        Ok(m) if plain && m <= 0o777 && m & 0o600 == 0o600 => Ok(m),
        Ok(m) if plain && m <= 0o777 => {
            Err(format!("mode `{text}` would keep the daemon itself from its outputs; the owner needs 6"))
        }
        Ok(_) if plain => Err(format!("mode `{text}` has more than permission bits; write it like \"0664\"")),
        _ => Err(format!("`{}` is not a mode; write it in octal like \"0664\"", shown(text))),
    }
}

/// A name of shows, folders, rules and recipes.
pub(super) fn name(text: &str) -> Result<String, String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(good) && !text.starts_with('.') {
        return Ok(text.to_owned());
    }
    Err(format!(
        "the name `{}` must have 1 to 64 of the characters A-Z a-z 0-9 . _ - and not begin with a dot",
        shown(text)
    ))
}

/// A value cut for messages.
pub(super) fn shown(text: &str) -> String {
    if text.chars().count() <= 80 { text.to_owned() } else { text.chars().take(77).chain("...".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_sizes_and_modes() {
        for (text, ms) in [("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("2h", 7_200_000), ("1 d", 86_400_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for bad in ["", "10", "s", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615d", "10 parsecs"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(size("512 MiB"), Ok(512 << 20));
        assert_eq!(size("4096"), Ok(4096));
        for bad in ["", "MiB", "-1", "1.5 GiB", "18446744073709551615 TiB", "5 mib"] {
            assert!(size(bad).is_err(), "{bad}");
        }
        assert_eq!(mode("0664"), Ok(0o664));
        assert_eq!(mode("0o640"), Ok(0o640));
        for bad in ["", "664x", "0999", "4755", "0444", "+664", "66", "00000664"] {
            assert!(mode(bad).is_err(), "{bad}");
        }
        assert!(name("a.b-C_9").is_ok());
        for bad in ["", "a b", "a/b", "..", ".x", "ä", &"x".repeat(65)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
