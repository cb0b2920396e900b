//! Profiles in the trace format of Chrome, which Perfetto opens.

use std::fmt::Write;
use std::time::Duration;

use super::ceiling::share;
use super::{Clock, KernelProfile, Profile};
use crate::exec::record::Stage;

/// The tracks: the host's work, and the device's.
const HOST: u32 = 1;
const DEVICE: u32 = 2;

impl Profile {
    /// All that was taken down as JSON in Chrome's trace format: written to a file, it opens in
    /// [Perfetto](https://ui.perfetto.dev) and in `chrome://tracing`. One track has what the host did,
    /// the other every run of every kernel, with its shape, bytes, arithmetic and source lines.
    pub fn chrome_trace(&self) -> String {
        let mut text = String::from("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
        name(&mut text, "process_name", HOST, "tilewise");
        name(&mut text, "thread_name", HOST, "host");
        name(&mut text, "thread_name", DEVICE, &self.device);
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        for span in spans {
            let stage = match (span.stage, self.clock) {
                (Stage::Plan, _) => "plan",
                (Stage::Prepare, _) => "prepare",
                (Stage::Run, Clock::Device) => "submit",
                (Stage::Run, Clock::Host | Clock::Submission) => "run",
                (Stage::Wait, _) => "wait",
            };
            event(&mut text, stage, HOST, span.start, span.end, "{}");
        }
        for run in &self.runs {
            let kernel = &self.kernels[run.kernel];
            let lines: Vec<String> = kernel
                .lines
                .iter()
                .map(|at| quoted(&format!("{}:{}:{}", at.file(), at.line(), at.column())))
                .collect();
            let mut args = format!(
                "{{\"shape\":{},\"bytes\":{},\"flops\":{},\"lines\":[{}]",
                quoted(&kernel.shape.to_string()),
                kernel.bytes,
                kernel.flops,
                lines.join(","),
            );
            if let Some(ceiling) = self.ceiling {
                let one = KernelProfile {
                    count: 1,
                    time: run.end - run.start,
                    ..kernel.clone()
                };
                let (share, bound) = share(&ceiling, &one);
                let _ = write!(args, ",\"share\":{share:.4},\"bound\":{}", quoted(bound));
            }
            args.push('}');
            let name = format!("{}: {}", kernel.kind, kernel.operations);
            event(&mut text, &name, DEVICE, run.start, run.end, &args);
        }
        // The last event has no comma after it.
        text.truncate(text.trim_end_matches(",\n").len());
        text + "\n]}\n"
    }
}

/// Names the process or a track.
fn name(text: &mut String, what: &str, track: u32, name: &str) {
    let name = quoted(name);
    let _ = writeln!(
        text,
        "{{\"ph\":\"M\",\"pid\":1,\"tid\":{track},\"name\":\"{what}\",\"args\":{{\"name\":{name}}}}},"
    );
}

/// A stretch of time on a track, in microseconds.
fn event(text: &mut String, name: &str, track: u32, start: Duration, end: Duration, args: &str) {
    let us = |t: Duration| format!("{}.{:03}", t.as_micros(), t.as_nanos() % 1000);
    let _ = writeln!(
        text,
        "{{\"ph\":\"X\",\"pid\":1,\"tid\":{track},\"name\":{},\"ts\":{},\"dur\":{},\"args\":{args}}},",
        quoted(name),
        us(start),
        us(end - start),
    );
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_escaped() {
        assert_eq!(super::quoted("a\"b\\c\nd é"), r#""a\"b\\c\u000ad é""#);
    }
}
