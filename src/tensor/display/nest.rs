//! Nested brackets around texts, by the rules of NumPy's `_formatArray`.

use super::EDGE;

/// The widest line; NumPy's `linewidth`.
const WIDTH: usize = 75;

/// The texts in row-major order in brackets. An axis has a size and a flag: whether `...` stands in
/// its middle. Rows that are wider than a line are wrapped, and blank lines part the matrices.
pub(super) fn text(axes: &[(usize, bool)], items: &[String]) -> String {
    match items {
        [] => "[]".into(),
        [item] if axes.is_empty() => item.clone(),
        _ => brackets(axes, items, 0),
    }
}

fn brackets(axes: &[(usize, bool)], items: &[String], depth: usize) -> String {
    let indent = " ".repeat(depth + 1);
    let (size, elided) = axes[0];
    let inner = match &axes[1..] {
        [] => wrapped(items, elided, &indent, WIDTH - 1 - depth),
        rest => {
            let rows = items.chunks(items.len() / size);
            let rows: Vec<String> = rows.map(|row| brackets(rest, row, depth + 1)).collect();
            with_gap(&rows, elided)
                .collect::<Vec<_>>()
                .join(&format!("{}{indent}", "\n".repeat(rest.len())))
        }
    };
    format!("[{inner}]")
}

/// The items with a space between, on lines that are at most so wide where that can be.
fn wrapped(items: &[String], elided: bool, indent: &str, width: usize) -> String {
    let mut lines = vec![indent.to_string()];
    for word in with_gap(items, elided) {
        let last = lines.len() - 1;
        if lines[last].len() + word.len() > width && lines[last].len() > indent.len() {
            lines.push(indent.to_string());
        }
        let last = lines.len() - 1;
        lines[last] += word;
        lines[last].push(' ');
    }
    let last = lines.len() - 1;
    lines[last].pop();
    let ends = |(i, line): (usize, &String)| match i == last {
        true => line.clone(),
        false => line.trim_end().to_string(),
    };
    let text = lines
        .iter()
        .enumerate()
        .map(ends)
        .collect::<Vec<_>>()
        .join("\n");
    text[indent.len()..].into()
}

/// The items with `...` behind the first edge.
fn with_gap(items: &[String], elided: bool) -> impl Iterator<Item = &str> {
    let edge = if elided { EDGE } else { items.len() };
    let (first, last) = items.split_at(edge);
    let gap = elided.then_some("...");
    first
        .iter()
        .map(String::as_str)
        .chain(gap)
        .chain(last.iter().map(String::as_str))
}
