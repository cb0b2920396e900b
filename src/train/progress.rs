//! How far a run is, for people to see.

use std::io::Write;
use std::time::{Duration, Instant};

use super::history::short;

/// How a run shows how far it is.
///
/// A trainer shows nothing unless it is given one: [`Trainer::progress`](super::Trainer::progress).
pub struct Progress<'a> {
    how: How<'a>,
    epoch: Option<Epoch>,
}

enum How<'a> {
    Silent,
    Lines(Box<dyn Write + Send + 'a>),
}

/// The epoch that is shown.
struct Epoch {
    number: usize,
    last: usize,
    rows: usize,
    started: Instant,
}

impl<'a> Progress<'a> {
    fn new(how: How<'a>) -> Self {
        Self { how, epoch: None }
    }

    /// Nothing is shown.
    pub fn silent() -> Self {
        Self::new(How::Silent)
    }

    /// A line on stderr for each epoch.
    pub fn auto() -> Self {
        Self::to(std::io::stderr())
    }

    /// A line for each epoch, to whatever is written to.
    pub fn to(writer: impl Write + Send + 'a) -> Self {
        Self::new(How::Lines(Box::new(writer)))
    }

    /// Whether [`batch`](Progress::batch) shows anything.
    pub(super) fn shows_batches(&self) -> bool {
        false
    }

    /// An epoch starts, of so many batches and rows.
    pub(super) fn start(&mut self, number: usize, last: usize, batches: usize, rows: usize) {
        let _ = batches;
        self.epoch = Some(Epoch {
            number,
            last,
            rows,
            started: Instant::now(),
        });
    }

    /// A batch is done; the figures are the means of those of which they are known.
    pub(super) fn batch(&mut self, rows: usize, figures: &[(&str, f64)]) {
        let _ = (rows, figures);
    }

    /// The epoch is done.
    pub(super) fn end(&mut self, figures: &[(String, f64)]) {
        let Some(epoch) = self.epoch.take() else {
            return;
        };
        if let How::Lines(writer) = &mut self.how {
            // What cannot be shown does not end a run.
            let _ = writeln!(writer, "{}", epoch.line(epoch.started.elapsed(), figures));
        }
    }
}

impl Epoch {
    fn line(&self, time: Duration, figures: &[(String, f64)]) -> String {
        let width = self.last.to_string().len();
        let seconds = time.as_secs_f64();
        let rate = self.rows as f64 / seconds;
        let mut line = format!(
            "epoch {:>width$}/{}  {seconds:.1} s  {rate:.0} rows/s",
            self.number, self.last
        );
        for (name, value) in figures {
            line += &format!("  {name} {}", short(*value));
        }
        line
    }
}
