//! Tables of text.

use crate::style::Style;

/// Rows of so many columns, each as wide as its widest cell. Columns in which nothing stands are left out.
pub(crate) struct Table<const N: usize> {
    head: [&'static str; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(head: [&'static str; N]) -> Self {
        Self { head, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// The table, its head dimmed.
    pub(crate) fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let head = self.head.map(|name| style.dim(name));
        for row in std::iter::once(&head).chain(&self.rows) {
            let cells = row.iter().enumerate().filter_map(|(column, cell)| {
                let wide = self.width(column)?;
                Some(format!("{cell}{}", " ".repeat(wide.saturating_sub(width(cell)))))
            });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    /// The width of a column; `None` for one that has nothing to show.
    fn width(&self, column: usize) -> Option<usize> {
        let widest = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max()?;
        (widest > 0).then(|| widest.max(self.head.get(column).map_or(0, |name| name.len())))
    }
}

/// Columns that a cell takes: its characters, without those that color it.
fn width(cell: &str) -> usize {
    let mut colored = false;
    let visible = cell.chars().filter(|c| {
        let was_colored = colored;
        colored = if colored { *c != 'm' } else { *c == '\x1b' };
        !was_colored && !colored
    });
    visible.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_colors_and_empty_ones_are_left_out() {
        let mut table = Table::new(["A", "EMPTY", "B"]);
        table.row(["\x1b[32mgreen\x1b[0m".to_owned(), String::new(), "x".to_owned()]);
        table.row(["é".to_owned(), String::new(), "yy".to_owned()]);
        let text = table.text(Style::PLAIN);
        assert_eq!(text, "A      B\n\x1b[32mgreen\x1b[0m  x\né      yy\n");
    }
}
