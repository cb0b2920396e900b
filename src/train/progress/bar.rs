//! A bar on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Epoch;

/// How often a second the bar is drawn anew at most.
const FREQUENCY: u8 = 10;

/// The bar of the epoch under way, below the lines of those before.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// On stderr.
    pub(super) fn new() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(super) fn start(&mut self, epoch: &Epoch) {
        let target = ProgressDrawTarget::stderr_with_hz(FREQUENCY);
        let bar = ProgressBar::with_draw_target(Some(epoch.batches as u64), target);
        // A template that is written here is one that is understood.
        if let Ok(style) = ProgressStyle::with_template("{prefix}  [{bar:24}] {pos}/{len}{msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        let width = epoch.last.to_string().len();
        bar.set_prefix(format!("epoch {:>width$}/{}", epoch.number, epoch.last));
        bar.set_position(epoch.done as u64);
        self.0 = bar;
    }

    pub(super) fn batch(&mut self, text: impl FnOnce() -> String) {
        self.0.set_message(text());
        self.0.inc(1);
    }

    pub(super) fn end(&mut self, line: &str) {
        self.0.println(line);
        self.0.finish_and_clear();
    }
}
