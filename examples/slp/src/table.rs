//! Aligned columns.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use crate::style::{Paint, Style};

/// On which side the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Rows of text under a heading, with sums below a rule.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
    total: Option<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: impl Into<Vec<(&'static str, Side)>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new(), total: None }
    }

    pub(crate) fn row(&mut self, cells: impl Into<Vec<String>>) {
        self.rows.push(cells.into());
    }

    pub(crate) fn total(&mut self, cells: impl Into<Vec<String>>) {
        self.total = Some(cells.into());
    }

    /// The lines, each begun with `indent`; none ends in blanks.
    pub(crate) fn write(&self, indent: &str, style: Style, out: &mut impl Write) -> io::Result<()> {
        let heading: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        let mut widths: Vec<_> = heading.iter().map(|name| name.width()).collect();
        for row in self.rows.iter().chain(&self.total) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        writeln!(out, "{indent}{}", style.paint(Paint::Heading, self.line(&widths, &heading)))?;
        for row in &self.rows {
            writeln!(out, "{indent}{}", self.line(&widths, row))?;
        }
        if let Some(total) = &self.total {
            let rule: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
            writeln!(out, "{indent}{}", style.paint(Paint::Dim, rule.join("  ")))?;
            writeln!(out, "{indent}{}", self.line(&widths, total))?;
        }
        Ok(())
    }

    fn line(&self, widths: &[usize], cells: &[impl AsRef<str>]) -> String {
        let mut line = String::new();
        for (((_, side), width), cell) in self.columns.iter().zip(widths).zip(cells) {
            let cell = cell.as_ref();
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if *side == Side::Right { (&*blanks, "") } else { ("", &*blanks) };
            for part in [before, cell, after, "  "] {
                line.push_str(part);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_on_the_screen() {
        let mut table = Table::new([("Name", Side::Left), ("N", Side::Right)]);
        table.row(["漢字漢字".to_owned(), "1".to_owned()]);
        table.row(["a".to_owned(), "1,000".to_owned()]);
        table.total(["Total".to_owned(), "1,001".to_owned()]);
        let mut out = Vec::new();
        table.write("| ", Style::new(false), &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        | Name          N
        | 漢字漢字      1
        | a         1,000
        | ────────  ─────
        | Total     1,001
        ");
    }
}
