//! Tables in Markdown.

/// A table with a header row. Escapes bars in cells and replaces line breaks with spaces.
#[must_use]
pub fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rule = format!("|{}\n", "---|".repeat(N));
    let rows = rows.into_iter().map(line);
    [line(head.map(str::to_owned)), rule]
        .into_iter()
        .chain(rows)
        .collect()
}

fn line<const N: usize>(cells: [String; N]) -> String {
    let cells = cells.map(|cell| {
        let words: Vec<&str> = cell.split_whitespace().collect();
        words.join(" ").replace('|', r"\|")
    });
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_a_cell() {
        let rows = [["`a|b`".to_owned(), "two\nlines".to_owned()]];
        let expected = "| A | B |\n|---|---|\n| `a\\|b` | two lines |\n";
        assert_eq!(table(["A", "B"], rows), expected);
    }
}
