//! Tables of what was measured.

use std::fmt::Write;

use crate::ceiling::Ceiling;
use crate::report::{Executor, Outcome, Report, Row};

/// A time with three digits and its unit.
pub fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let digits = if value < 10.0 {
        2
    } else {
        usize::from(value < 100.0)
    };
    format!("{value:.digits$} {unit}")
}

/// A ratio with two digits after the point, or none where it is large.
pub fn ratio(ratio: f64) -> String {
    if ratio < 10.0 {
        format!("{ratio:.2}×")
    } else {
        format!("{ratio:.0}×")
    }
}

fn cell(outcome: &Outcome, flops: f64) -> String {
    match outcome {
        Outcome::Timed { seconds, .. } if flops > 0.0 => {
            format!("{} ({:.0})", time(*seconds), flops / seconds / 1e9)
        }
        Outcome::Timed { seconds, .. } => time(*seconds),
        Outcome::Absent { .. } => "–".into(),
        Outcome::Wrong { .. } => "wrong".into(),
        Outcome::Failed { .. } => "failed".into(),
    }
}

fn header(executor: &Executor) -> Vec<String> {
    let mut header: Vec<String> = ["work", "tilewise", "best peer", "", "x faster"]
        .map(String::from)
        .into();
    header.push("of ceiling".into());
    header.extend(executor.peers.iter().skip(1).map(|p| p.name.into()));
    header
}

fn cells(executor: &Executor, row: &Row) -> Vec<String> {
    // Training's products are a part of it only: no rate.
    let flops = if row.pieces == 1 && !row.cold {
        row.flops
    } else {
        0.0
    };
    let text = |outcome: &Outcome| cell(outcome, flops);
    let (best, best_time) = match row.best_peer() {
        Some((i, _)) => (executor.peers[i].name, text(&row.outcomes[i])),
        None => ("–", String::new()),
    };
    let share = executor
        .ceiling
        .as_ref()
        .and_then(|ceiling| row.share(ceiling));
    let mut cells = vec![
        row.work.clone(),
        text(&row.outcomes[0]),
        best.into(),
        best_time,
        row.ratio().map_or("–".into(), ratio),
        share.map_or("–".into(), |share| format!("{:.0}%", 100.0 * share)),
    ];
    cells.extend(row.outcomes.iter().skip(1).map(text));
    cells
}

fn ceiling(ceiling: &Ceiling) -> String {
    let mut text = format!("ceiling: {:.0} GFLOP/s", ceiling.flops / 1e9);
    for copy in &ceiling.copies {
        let (rate, size) = (copy.bandwidth / 1e9, copy.array >> 20);
        let _ = write!(
            text,
            "; a copy of {size} MiB moves {rate:.1} GB/s (read + written)"
        );
    }
    text
}

/// What failed and was wrong, one a line.
fn notes(executor: &Executor) -> Vec<String> {
    let mut notes = Vec::new();
    for row in &executor.rows {
        for (peer, outcome) in executor.peers.iter().zip(&row.outcomes) {
            let (Outcome::Wrong { why } | Outcome::Failed { why }) = outcome else {
                continue;
            };
            let kind = if matches!(outcome, Outcome::Wrong { .. }) {
                "wrong"
            } else {
                "failed"
            };
            notes.push(format!("{} on {}: {kind}: {why}", peer.name, row.work));
        }
    }
    notes
}

/// For a terminal, in columns.
pub fn text(executor: &Executor) -> String {
    let mut lines = vec![header(executor)];
    lines.extend(executor.rows.iter().map(|row| cells(executor, row)));
    let columns = lines[0].len();
    let width = |i: usize| {
        lines
            .iter()
            .map(|l| l[i].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = format!("\n{}, {}\n", executor.name, executor.driver);
    if let Some(measured) = &executor.ceiling {
        out += &(ceiling(measured) + "\n");
    }
    for line in &lines {
        for (i, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell = match i {
                0 | 2 => format!("{cell:<width$}  "),
                _ => format!("{cell:>width$}  "),
            };
            out += &cell;
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    for note in notes(executor) {
        out += &(note + "\n");
    }
    out
}

/// For documents.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("{}, {}\n", report.date, report.machine);
    for executor in &report.executors {
        let _ = writeln!(
            out,
            "\n## {}\n\n{}, {}",
            executor.label, executor.name, executor.driver
        );
        if let Some(measured) = &executor.ceiling {
            let _ = writeln!(out, "\n{}", ceiling(measured));
        }
        let header = header(executor);
        let rule = header.iter().map(|_| "---:").collect::<Vec<_>>();
        let _ = writeln!(out, "\n| {} |\n|{}|", header.join(" | "), rule.join("|"));
        for row in &executor.rows {
            let _ = writeln!(out, "| {} |", cells(executor, row).join(" | "));
        }
        out.push('\n');
        for peer in &executor.peers {
            let _ = writeln!(out, "- {}: {} {}", peer.name, peer.version, peer.device);
        }
        for note in notes(executor) {
            let _ = writeln!(out, "- {note}");
        }
    }
    out
}
