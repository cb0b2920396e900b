//! Profiles as tables.

use std::fmt;
use std::panic::Location;
use std::path::Path;
use std::time::Duration;

use super::ceiling::share;
use super::{Clock, KernelProfile, Profile};

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Device => "stamped by the device",
            Self::Host => "timed by the host",
            Self::Submission => {
                "submitted and waited for one by one, as the device has no timestamps"
            }
        })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs: usize = self.kernels.iter().map(|k| k.count).sum();
        let (busy, wall) = (self.busy(), self.wall());
        writeln!(
            f,
            "{}: {} in all, {runs} kernels in {} ({:.0}%), {}",
            self.device,
            time(wall),
            time(busy),
            percent(busy, wall),
            self.clock
        )?;
        let ceiling = match self.ceiling {
            Some(_) => "  of ceiling",
            None => "",
        };
        writeln!(
            f,
            "{:>10} {:>5} {:>7} {:>10} {:>8} {:>8}{ceiling}  kernel",
            "time", "%", "count", "each", "GB/s", "GFLOP/s"
        )?;
        for kernel in &self.kernels {
            self.row(f, kernel, busy)?;
        }
        let host = self.host();
        let parts = [
            ("planning", host.planning),
            ("preparing", host.preparing),
            ("submitting", host.submitting),
            ("kernels", host.kernels),
            ("waiting", host.waiting),
            ("the program", host.program),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(_, part)| !part.is_zero())
            .map(|(name, part)| format!("{name} {}", time(*part)))
            .collect();
        writeln!(f, "host: {}", parts.join(", "))?;
        if let Some(ceiling) = self.ceiling {
            writeln!(f, "ceiling: {ceiling}")?;
        }
        Ok(())
    }
}

impl Profile {
    fn row(&self, f: &mut fmt::Formatter<'_>, k: &KernelProfile, busy: Duration) -> fmt::Result {
        write!(
            f,
            "{:>10} {:>5.1} {:>7} {:>10} {:>8.2} {:>8.2}",
            time(k.time),
            percent(k.time, busy),
            k.count,
            time(k.time / k.count as u32),
            k.bytes_per_second() / 1e9,
            k.flops_per_second() / 1e9,
        )?;
        if let Some(ceiling) = self.ceiling {
            let (share, bound) = share(&ceiling, k);
            write!(f, "  {:>4.0}% {bound:<6}", 100.0 * share)?;
        }
        write!(f, "  {} {}: {}", k.kind, k.shape, k.operations)?;
        match line(&k.lines) {
            None => writeln!(f),
            Some((file, line)) => writeln!(f, "  {}:{line}", file.display()),
        }
    }
}

/// The last line of the user's; where only the crate has asked, as for a gradient, where in the crate.
fn line(lines: &[&'static Location<'static>]) -> Option<(&'static Path, u32)> {
    let crate_folder = Path::new(file!()).ancestors().nth(2)?;
    let inside =
        |l: &'static Location<'static>| Path::new(l.file()).strip_prefix(crate_folder).ok();
    let users = lines.iter().rev().find(|l| inside(l).is_none());
    if let Some(l) = users {
        return Some((Path::new(l.file()), l.line()));
    }
    let last = lines.last()?;
    Some((inside(last)?, last.line()))
}

fn percent(part: Duration, whole: Duration) -> f64 {
    match whole.as_secs_f64() {
        0.0 => 0.0,
        whole => 100.0 * part.as_secs_f64() / whole,
    }
}

/// A time in three digits or more.
fn time(t: Duration) -> String {
    match t.as_nanos() {
        0..1_000_000 => format!("{:.1} µs", t.as_secs_f64() * 1e6),
        1_000_000..1_000_000_000 => format!("{:.2} ms", t.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", t.as_secs_f64()),
    }
}
