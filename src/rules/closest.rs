//! "Did you mean": the listed name nearest to one that was mistyped.

/// The member of `names` nearest to `typed`, if it is near enough to be what was meant: at most one
/// slip (insertion, deletion, replacement, swap of neighbours) per three characters, capitals ignored.
#[must_use]
pub fn closest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if typed.len() > 200 {
        return None;
    }
    let want: Vec<char> = typed.to_lowercase().chars().collect();
    let allowed = (want.len() / 3).max(1);
    names
        .into_iter()
        .map(|n| (distance(&want, &n.to_lowercase().chars().collect::<Vec<_>>()), n))
        .filter(|(d, n)| *d <= allowed && *d < n.chars().count())
        .min_by_key(|(d, _)| *d)
        .map(|(_, n)| n)
}

/// Edit distance with swaps of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let at = |r: &[usize], k: usize| r.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut d = (at(&last, j + 1) + 1).min(at(&row, j) + 1).min(at(&last, j) + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                d = d.min(at(&before, j - 1) + 1);
            }
            row.push(d);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let names = ["path", "output", "ready", "quiet", "scan_every"];
        assert_eq!(closest("pahts", names), None);
        assert_eq!(closest("paht", names), Some("path"));
        assert_eq!(closest("outptu", names), Some("output"));
        assert_eq!(closest("Scan-every", names), Some("scan_every"));
        assert_eq!(closest("zzz", names), None);
        assert_eq!(closest("x", ["a"]), None);
        assert_eq!(closest(&"a".repeat(100_000), names), None);
    }
}
