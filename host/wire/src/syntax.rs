//! Mistakes in JSON texts.

/// Columns of an excerpt on each side of the mistake.
const EXCERPT_COLUMNS: usize = 36;

/// Says what is wrong with a JSON text, and shows the line of it with a mark under the mistake.
pub fn syntax_error(text: &str, error: &serde_json::Error) -> (String, String) {
    let said = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let said = said.strip_suffix(&position).unwrap_or(&said);
    let problem = match (said.strip_prefix("EOF while parsing "), said) {
        (Some(what), _) => format!("the text ends within {what}"),
        (None, "expected ident") => "expected `true`, `false` or `null`".to_owned(),
        (None, said) => said.to_owned(),
    };
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    // Columns are counted in bytes, from 1; at the end of a text the last byte is named, but what is missing comes
    // after it.
    let byte = if error.is_eof() { line.len() } else { error.column().saturating_sub(1) };
    let before = line.char_indices().take_while(|(at, _)| *at < byte).count();
    let from = before.saturating_sub(EXCERPT_COLUMNS);
    let shown: String = line.chars().skip(from).take(2 * EXCERPT_COLUMNS).map(blank).collect();
    let cut = if from > 0 { "…" } else { "" };
    let mark = " ".repeat(before - from + cut.chars().count());
    (problem, format!("{cut}{shown}\n{mark}^"))
}

/// Keeps the mark under the mistake: each character takes one column, as nearly all do.
fn blank(c: char) -> char {
    if c == '\t' { ' ' } else { c }
}
