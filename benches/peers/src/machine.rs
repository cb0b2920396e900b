//! The machine, and the versions of what is measured.

use std::process::Command;
use std::time::SystemTime;

/// Written by Cargo before it builds this crate.
const LOCK: &str = include_str!("../Cargo.lock");

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The processor's name and the number of threads.
pub fn describe() -> String {
    let linux = || {
        let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
        let line = text.lines().find(|l| l.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let mac = || {
        let mut command = Command::new("sysctl");
        let output = command.args(["-n", "machdep.cpu.brand_string"]).output();
        Some(
            String::from_utf8(output.ok()?.stdout)
                .ok()?
                .trim()
                .to_owned(),
        )
    };
    let name = linux().or_else(mac).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| std::env::consts::ARCH.into());
    format!("{name}, {} threads", cores())
}

/// The version of a crate that this program was built with.
pub fn version_of(name: &str) -> String {
    let wanted = format!("name = \"{name}\"");
    let mut lines = LOCK.lines().skip_while(|line| *line != wanted).skip(1);
    let version = lines.next().and_then(|line| line.split('"').nth(1));
    format!("{name} {}", version.unwrap_or("of unknown version"))
}

/// Today in UTC, as `2026-11-21`.
pub fn date() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let days = since.map_or(0, |d| d.as_secs() / 86_400);
    // Years that begin in March, in cycles of 400 years, counted from 0000-03-01.
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", cycle * 400 + year + carry)
}
