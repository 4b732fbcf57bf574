//! "Did you mean": the known name that is closest to a wrong one.

/// Longest name that is compared; the work grows with the square of it.
const CHARS_MAX: usize = 128;

/// The candidate closest to `wrong`, if one is close enough to be meant: at most a third of its letters differ.
pub fn closest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &'a str| {
        let distance = distance(wrong, candidate);
        let length = wrong.chars().count().max(candidate.chars().count());
        (distance * 3 <= length).then_some((distance, candidate))
    };
    candidates.into_iter().filter_map(near).min().map(|(_, candidate)| candidate)
}

/// The same as the end of a message: `; did you mean `then`?`, or nothing.
pub fn did_you_mean<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    closest(wrong, candidates).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}
/// Edits (a letter inserted, left out or replaced) that lead from one text to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(CHARS_MAX).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(CHARS_MAX).enumerate() {
        let (mut diagonal, mut left) = (i, i + 1);
        for (to, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let edits = (diagonal + usize::from(from != *to)).min(left + 1).min(*above + 1);
            (diagonal, left) = (*above, edits);
            *above = edits;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        let pairs =
            [("", ""), ("abc", ""), ("", "ab"), ("kitten", "sitting"), ("approve", "aprove"), ("abc", "abc")];
        assert_eq!(pairs.map(|(a, b)| distance(a, b)), [0, 3, 2, 3, 1, 0]);
    }

    #[test]
    fn only_close_names_are_meant() {
        let known = ["approve", "ship", "audit"];
        assert_eq!(closest("aprove", known), Some("approve"));
        assert_eq!(closest("shop", known), Some("ship"));
        assert_eq!(closest("refund", known), None);
    }
}
