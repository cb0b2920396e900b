//! Nested brackets around texts, by the rules of NumPy's `_formatArray`.

/// An axis: its size, and behind how many of its items `...` stands, if it does.
type Axis = (usize, Option<usize>);

/// The texts in row-major order in brackets. Rows that are wider than a line are wrapped, and blank lines
/// part the matrices.
pub(super) fn text(axes: &[Axis], items: &[String], linewidth: usize) -> String {
    match items {
        [] => "[]".into(),
        [item] if axes.is_empty() => item.clone(),
        _ => brackets(axes, items, 0, linewidth),
    }
}

fn brackets(axes: &[Axis], items: &[String], depth: usize, linewidth: usize) -> String {
    let indent = " ".repeat(depth + 1);
    let (size, gap) = axes[0];
    let inner = match &axes[1..] {
        [] => wrapped(items, gap, &indent, linewidth.saturating_sub(1 + depth)),
        rest => {
            let rows = items.chunks(items.len() / size);
            let rows: Vec<String> = rows
                .map(|row| brackets(rest, row, depth + 1, linewidth))
                .collect();
            with_gap(&rows, gap)
                .collect::<Vec<_>>()
                .join(&format!("{}{indent}", "\n".repeat(rest.len())))
        }
    };
    format!("[{inner}]")
}

/// The items with a space between, on lines that are at most so wide where that can be.
fn wrapped(items: &[String], gap: Option<usize>, indent: &str, width: usize) -> String {
    let mut lines = vec![indent.to_string()];
    for word in with_gap(items, gap) {
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

/// The items with `...` behind so many of them.
fn with_gap(items: &[String], gap: Option<usize>) -> impl Iterator<Item = &str> {
    let (first, last) = items.split_at(gap.unwrap_or(items.len()));
    let gap = gap.map(|_| "...");
    first
        .iter()
        .map(String::as_str)
        .chain(gap)
        .chain(last.iter().map(String::as_str))
}
