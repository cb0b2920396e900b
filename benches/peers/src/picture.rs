//! A picture of one device: how many times faster tilewise is, work by work, on a logarithmic axis.

use std::fmt::Write;

use crate::report::{Executor, Row};
use crate::table;

const ROW: f64 = 22.0;
const TOP: f64 = 84.0;
/// Where the axis begins and how long it is.
const LEFT: f64 = 170.0;
const LENGTH: f64 = 560.0;
const WIDTH: f64 = 960.0;
/// Ratios that are marked on the axis.
const TICKS: [f64; 13] = [
    0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0,
];
const FASTER: &str = "#2563a8";
const SLOWER: &str = "#c2571a";
const INK: &str = "#1f2328";
const FAINT: &str = "#8b949e";

pub fn svg(executor: &Executor, date: &str) -> String {
    let rows: Vec<(&Row, f64)> = executor
        .rows
        .iter()
        .filter_map(|row| Some((row, row.ratio()?)))
        .collect();
    let axis = Axis::over(rows.iter().flat_map(|(row, _)| ratios(row)));
    let bottom = TOP + ROW * rows.len() as f64;
    let height = bottom + 56.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let title = format!("tilewise beside its peers: {}", executor.label);
    text(
        &mut out,
        16.0,
        28.0,
        "start",
        INK,
        &title,
        "font-size=\"18\" font-weight=\"600\"",
    );
    let about = format!(
        "{}, {date}. Times faster than the fastest peer; ○ each peer.",
        executor.name
    );
    text(&mut out, 16.0, 50.0, "start", FAINT, &about, "");
    for tick in TICKS.into_iter().filter(|t| axis.holds(*t)) {
        let (x, colour) = (axis.x(tick), if tick == 1.0 { INK } else { "#e3e6ea" });
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\" stroke=\"{colour}\"/>",
            TOP - 8.0
        );
        text(
            &mut out,
            x,
            TOP - 14.0,
            "middle",
            FAINT,
            &format!("{tick}×"),
            "",
        );
    }
    for (i, (row, ratio)) in rows.iter().enumerate() {
        let y = TOP + ROW * (i as f64 + 0.5);
        let colour = if *ratio >= 1.0 { FASTER } else { SLOWER };
        text(&mut out, LEFT - 12.0, y + 4.5, "end", INK, &row.work, "");
        let (from, to) = (
            axis.x(1.0).min(axis.x(*ratio)),
            axis.x(1.0).max(axis.x(*ratio)),
        );
        let _ = writeln!(
            out,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"10\" fill=\"{colour}\"/>",
            y - 5.0,
            to - from
        );
        for peer in ratios(row) {
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#ffffff\" stroke=\"{FAINT}\"/>",
                axis.x(peer)
            );
        }
        let name = row.best_peer().map_or("", |(i, _)| executor.peers[i].name);
        let label = format!("{} {name}", table::ratio(*ratio));
        text(
            &mut out,
            LEFT + LENGTH + 20.0,
            y + 4.5,
            "start",
            colour,
            &label,
            "",
        );
    }
    let legend = "blue: faster than every peer; orange: slower than the one that is named";
    text(&mut out, 16.0, bottom + 32.0, "start", FAINT, legend, "");
    out + "</svg>\n"
}

/// How many times faster tilewise is than each peer.
fn ratios(row: &Row) -> Vec<f64> {
    let Some(own) = row.own() else {
        return Vec::new();
    };
    let peers = row.outcomes.iter().skip(1);
    peers
        .filter_map(|outcome| Some(outcome.seconds()? / own))
        .collect()
}

/// A logarithmic axis.
struct Axis {
    least: f64,
    most: f64,
}

impl Axis {
    /// Holds all ratios, and at least from a half to the double.
    fn over(ratios: impl Iterator<Item = f64>) -> Self {
        let (least, most) = ratios.fold((0.5, 2.0), |(l, m), r| (r.min(l), r.max(m)));
        Self {
            least: least / 1.1,
            most: most * 1.1,
        }
    }

    fn holds(&self, ratio: f64) -> bool {
        (self.least..=self.most).contains(&ratio)
    }

    fn x(&self, ratio: f64) -> f64 {
        LEFT + LENGTH * (ratio / self.least).ln() / (self.most / self.least).ln()
    }
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, colour: &str, text: &str, more: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\" {more}>{text}</text>"
    );
}
