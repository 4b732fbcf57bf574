//! Tables of text.

use unicode_width::UnicodeWidthChar as _;

use crate::style::Style;

/// Columns between two cells.
const GAP: usize = 2;

/// Fewest columns that are left of one that gives way.
const LEFT_MIN: usize = 6;

/// Rows of so many columns, each as wide as its widest cell. Columns in which nothing stands are left out.
pub(crate) struct Table<const N: usize> {
    head: [&'static str; N],
    rows: Vec<[String; N]>,
    /// Which columns give way on a narrow terminal, the first one first.
    giving_way: Vec<usize>,
    /// Whether the last column goes on in further lines instead of being cut.
    wraps: bool,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(head: [&'static str; N]) -> Self {
        Self { head, rows: Vec::new(), giving_way: Vec::new(), wraps: false }
    }

    /// Says which columns are cut on a terminal that is too narrow for all: the first of these as far as may be, then
    /// the next.
    pub(crate) fn giving_way<const M: usize>(mut self, names: [&'static str; M]) -> Self {
        self.giving_way =
            names.iter().filter_map(|name| self.head.iter().position(|head| head == name)).collect();
        self
    }

    /// Has the last column, which is prose, give way by going on in further lines.
    pub(crate) fn wrapping(mut self) -> Self {
        self.giving_way.extend(N.checked_sub(1));
        self.wraps = true;
        self
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// The table, its head dimmed.
    pub(crate) fn text(&self, style: Style) -> String {
        self.fitting(style, None)
    }

    /// The table within so many columns, as far as those that give way allow.
    pub(crate) fn fitting(&self, style: Style, columns: Option<usize>) -> String {
        let mut widths: Vec<Option<usize>> = (0..N).map(|column| self.width(column)).collect();
        if let Some(columns) = columns {
            self.shrink(&mut widths, columns);
        }
        let mut text = String::new();
        let head = self.head.map(|name| style.dim(name));
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut row = row.clone();
            let more = if self.wraps { wrap_last(&mut row, &widths) } else { Vec::new() };
            text.push_str(&line(&row, &widths));
            for rest in more {
                let mut row = [const { String::new() }; N];
                if let Some(last) = row.last_mut() {
                    *last = rest;
                }
                text.push_str(&line(&row, &widths));
            }
        }
        text
    }

    /// The width of a column; `None` for one that has nothing to show.
    fn width(&self, column: usize) -> Option<usize> {
        let widest = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max()?;
        (widest > 0).then(|| widest.max(self.head.get(column).map_or(0, |name| name.len())))
    }

    fn shrink(&self, widths: &mut [Option<usize>], columns: usize) {
        for at in &self.giving_way {
            let shown = widths.iter().flatten().count();
            let all = widths.iter().flatten().sum::<usize>() + GAP * shown.saturating_sub(1);
            if let Some(Some(wide)) = widths.get_mut(*at) {
                let least = LEFT_MIN.min(*wide);
                *wide = wide.saturating_sub(all.saturating_sub(columns)).max(least);
            }
        }
    }
}

/// A row as a line.
fn line(row: &[String], widths: &[Option<usize>]) -> String {
    let cells = row.iter().zip(widths).filter_map(|(cell, wide)| {
        let wide = (*wide)?;
        let cell = cut(cell, wide);
        let blanks = wide.saturating_sub(width(&cell));
        Some(cell + &" ".repeat(blanks))
    });
    cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned() + "\n"
}

/// Leaves the first line of the last cell, and returns the others.
fn wrap_last(row: &mut [String], widths: &[Option<usize>]) -> Vec<String> {
    let (Some(cell), Some(Some(wide))) = (row.last_mut(), widths.last()) else { return Vec::new() };
    let mut lines = wrapped(cell, *wide).into_iter();
    *cell = lines.next().unwrap_or_default();
    lines.collect()
}

/// A text in lines of at most so many columns, as far as its words are no longer.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Columns that a cell takes: those of its characters, without the characters that color it.
fn width(cell: &str) -> usize {
    visible(cell).map(|(_, _, wide)| wide).sum()
}

/// A cell that takes at most so many columns. What is cut off is told by an ellipsis; colors end where they did.
pub(crate) fn cut(cell: &str, columns: usize) -> String {
    if width(cell) <= columns {
        return cell.to_owned();
    }
    let mut taken = 0;
    let mut end = 0;
    for (at, c, wide) in visible(cell) {
        // One column is the ellipsis's.
        if taken + wide >= columns {
            break;
        }
        taken += wide;
        end = at + c.len_utf8();
    }
    let (kept, rest) = cell.split_at(end);
    let escapes: String = rest
        .split('\x1b')
        .skip(1)
        .filter_map(|after| after.split_once('m'))
        .fold(String::new(), |escapes, (code, _)| escapes + "\x1b" + code + "m");
    format!("{kept}…{escapes}")
}

/// The characters that are seen, with their places and the columns that each takes.
fn visible(cell: &str) -> impl Iterator<Item = (usize, char, usize)> + '_ {
    let mut colors = false;
    cell.char_indices().filter_map(move |(at, c)| {
        let was_color = colors;
        colors = if colors { c != 'm' } else { c == '\x1b' };
        (!was_color && !colors).then(|| (at, c, c.width().unwrap_or(0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_colors_and_empty_ones_are_left_out() {
        let mut table = Table::new(["A", "EMPTY", "B"]);
        table.row(["\x1b[32mgreen\x1b[0m".to_owned(), String::new(), "x".to_owned()]);
        table.row(["é".to_owned(), String::new(), "yy".to_owned()]);
        table.row(["申請".to_owned(), String::new(), "z".to_owned()]);
        let text = table.text(Style::PLAIN);
        assert_eq!(text, "A      B\n\x1b[32mgreen\x1b[0m  x\né      yy\n申請   z\n");
    }

    #[test]
    fn prose_goes_on_in_further_lines() {
        let mut table = Table::new(["LIMIT", "WHAT IT BOUNDS"]).wrapping();
        table.row(["call".to_owned(), "time of one call, from its first instruction on".to_owned()]);
        table.row(["calls".to_owned(), "at once".to_owned()]);
        insta::assert_snapshot!(table.fitting(Style::PLAIN, Some(30)), @"
        LIMIT  WHAT IT BOUNDS
        call   time of one call, from
               its first instruction
               on
        calls  at once
        ");
    }

    fn narrow(columns: usize) -> String {
        let mut table = Table::new(["RUN", "WORKFLOW", "LABELS"]).giving_way(["LABELS", "WORKFLOW"]);
        table.row(["run_12345678".to_owned(), "expense-approvals".to_owned(), "finance, berlin".to_owned()]);
        let colored = "\x1b[33m申請を承認する\x1b[0m";
        table.row(["run_87654321".to_owned(), "pay".to_owned(), colored.to_owned()]);
        table.fitting(Style::PLAIN, Some(columns)).replace('\x1b', "ESC")
    }

    #[test]
    fn columns_give_way_one_after_the_other() {
        insta::assert_snapshot!(narrow(60), @"
        RUN           WORKFLOW           LABELS
        run_12345678  expense-approvals  finance, berlin
        run_87654321  pay                ESC[33m申請を承認するESC[0m
        ");
        insta::assert_snapshot!(narrow(44), @"
        RUN           WORKFLOW           LABELS
        run_12345678  expense-approvals  finance, b…
        run_87654321  pay                ESC[33m申請を承認…ESC[0m
        ");
        insta::assert_snapshot!(narrow(34), @"
        RUN           WORKFLOW      LABELS
        run_12345678  expense-app…  finan…
        run_87654321  pay           ESC[33m申請…ESC[0m
        ");
        // What does not give way stays whole.
        assert_eq!(narrow(10), narrow(28));
        assert!(narrow(44).replace("ESC", "\x1b").lines().all(|line| width(line) <= 44));
    }
}
