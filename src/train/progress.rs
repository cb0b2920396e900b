//! How far a run is, for people to see.

#[cfg(feature = "progress")]
mod bar;

use std::io::Write;
use std::time::{Duration, Instant};

#[cfg(feature = "progress")]
use self::bar::Bar;
use super::history::short;

/// How a run shows how far it is. A trainer shows nothing unless it is given one.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::{data, loss::Mse, train::Progress};
///
/// let dev = Device::cpu();
/// let mut text = Vec::new();
/// let model = nn::mlp([1, 8, 1], nn::Tanh, &dev)?;
/// let mut trainer = Trainer::new(model, optim::Adam::new(0.01), Mse::new())
///     .epochs(2)
///     .progress(Progress::to(&mut text)); // Progress::auto() for people
/// trainer.fit(&data::make_sine(64, 0.1, 0, &dev)?)?;
/// drop(trainer);
/// let text = String::from_utf8(text).expect("it is text");
/// assert!(text.starts_with("epoch 1/2  loss 0."), "{text}");
/// # Ok::<(), Error>(())
/// ```
pub struct Progress<'a> {
    how: How<'a>,
    run: Option<Pace>,
}

enum How<'a> {
    Silent,
    Lines(Box<dyn Write + Send + 'a>),
    #[cfg(feature = "progress")]
    Bar(Bar),
}

/// How fast a run is, and the epoch that is shown.
struct Pace {
    /// Rows since the run was taken up, of which times are told.
    rows: usize,
    started: Instant,
    epoch: Epoch,
}

/// An epoch that is under way.
pub(super) struct Epoch {
    /// Counted from 1.
    pub(super) number: usize,
    /// With which the run ends.
    pub(super) last: usize,
    pub(super) batches: usize,
    /// The batches that were done before the run was taken up.
    pub(super) done: usize,
    pub(super) rows: usize,
}

impl<'a> Progress<'a> {
    fn new(how: How<'a>) -> Self {
        Self { how, run: None }
    }

    /// Nothing is shown.
    pub fn silent() -> Self {
        Self::new(How::Silent)
    }

    /// What suits stderr. With the feature `progress`, on a terminal, a bar: how far the epoch is, loss and metrics so
    /// far, rows a second and the time that is left. Elsewhere a line for each epoch.
    pub fn auto() -> Self {
        #[cfg(feature = "progress")]
        if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            return Self::new(How::Bar(Bar::new()));
        }
        Self::lines()
    }

    /// A line on stderr for each epoch: its figures, rows a second and the time that is left.
    pub fn lines() -> Self {
        Self::to(std::io::stderr())
    }

    /// A line for each epoch to whatever can be written to.
    pub fn to(writer: impl Write + Send + 'a) -> Self {
        Self::new(How::Lines(Box::new(writer)))
    }

    /// A call of `fit` begins, or is taken up.
    pub(super) fn begin(&mut self) {
        self.run = None;
    }

    /// An epoch begins, or is taken up.
    pub(super) fn start(&mut self, epoch: Epoch) {
        if let How::Silent = self.how {
            return;
        }
        #[cfg(feature = "progress")]
        if let How::Bar(bar) = &mut self.how {
            bar.start(&epoch);
        }
        let pace = self.run.take();
        let (rows, started) = pace.map_or((0, Instant::now()), |pace| (pace.rows, pace.started));
        self.run = Some(Pace {
            rows,
            started,
            epoch,
        });
    }

    /// A batch of so many rows is done; `figures` gives the means of those that are known.
    pub(super) fn batch(&mut self, rows: usize, figures: impl FnOnce() -> Vec<(String, f64)>) {
        let Some(pace) = &mut self.run else { return };
        pace.rows += rows;
        pace.epoch.done += 1;
        #[cfg(feature = "progress")]
        if let How::Bar(bar) = &mut self.how {
            bar.batch(|| pace.text(&figures()));
            return;
        }
        drop(figures);
    }

    /// The epoch is done.
    pub(super) fn end(&mut self, figures: &[(String, f64)]) {
        let Some(pace) = &mut self.run else { return };
        pace.epoch.done = pace.epoch.batches;
        let epoch = &pace.epoch;
        let width = epoch.last.to_string().len();
        let (number, last) = (epoch.number, epoch.last);
        let line = format!("epoch {number:>width$}/{last}{}", pace.text(figures));
        match &mut self.how {
            How::Silent => {}
            // What cannot be shown does not end a run.
            How::Lines(writer) => _ = writeln!(writer, "{line}"),
            #[cfg(feature = "progress")]
            How::Bar(bar) => bar.end(&line),
        }
    }
}

impl Pace {
    /// Figures, and how fast it goes.
    fn text(&self, figures: &[(String, f64)]) -> String {
        let mut text = String::new();
        for (name, value) in figures {
            text += &format!("  {name} {}", short(*value));
        }
        let time = self.started.elapsed();
        let rate = self.rows as f64 / time.as_secs_f64();
        let left = Duration::try_from_secs_f64(self.rows_left() / rate);
        text += &format!("  {rate:.0} rows/s");
        match left {
            Ok(left) if left >= Duration::from_secs(1) => {
                text += &format!("  {} left", clock(left))
            }
            _ => {}
        }
        text
    }

    /// As far as the epochs have the rows of this one.
    fn rows_left(&self) -> f64 {
        let Epoch {
            number,
            last,
            batches,
            done,
            rows,
        } = self.epoch;
        let here = rows as f64 * (1.0 - done as f64 / batches as f64);
        here + last.saturating_sub(number) as f64 * rows as f64
    }
}

/// A time in hours, minutes and seconds, as many of them as it needs.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds:02} s"),
        _ => format!("{hours} h {minutes:02} min"),
    }
}

impl std::fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.how {
            How::Silent => "Progress(silent)",
            How::Lines(_) => "Progress(lines)",
            #[cfg(feature = "progress")]
            How::Bar(_) => "Progress(bar)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_lengths() {
        let texts = [59, 60, 3599, 3600, 90_061].map(|s| clock(Duration::from_secs(s)));
        let want = [
            "59 s",
            "1 min 00 s",
            "59 min 59 s",
            "1 h 00 min",
            "25 h 01 min",
        ];
        assert_eq!(texts, want);
    }

    #[test]
    fn what_is_left_is_of_this_epoch_and_of_those_to_come() {
        let pace = Pace {
            rows: 10,
            started: Instant::now(),
            epoch: Epoch {
                number: 2,
                last: 4,
                batches: 4,
                done: 1,
                rows: 100,
            },
        };
        assert_eq!(pace.rows_left(), 275.0);
    }
}
