//! Products of square f32 matrices on every device, beside a plain triple loop.
//!
//!     cargo bench --bench matmul -- [--max N] [--device NAME]… [--json FILE]
//!
//! A time is the median of several runs after a warm-up: from the call of `matmul` to the moment at
//! which the device reports that it is done, with the operands already there and the result left
//! there. Errors are against sums in f64, over all rows of small products and a sample of large ones.

use std::fmt::Write;
use std::time::{Duration, Instant};

use tilewise::{Device, DeviceInfo, Tensor};

const SIZES: [usize; 7] = [64, 128, 256, 512, 1024, 2048, 4096];
/// Runs that a median is taken of, at least where time allows and at most.
const RUNS: std::ops::RangeInclusive<usize> = 3..=51;
/// Time for the runs of one device and size.
const SPENT: Duration = Duration::from_millis(1500);
/// A run that takes longer is the only one.
const LONG: Duration = Duration::from_secs(3);
/// A product that is expected to take longer is left out.
const TOO_LONG: Duration = Duration::from_secs(60);
/// Time after which the triple loop is stopped at the end of a row.
const LOOP: Duration = Duration::from_millis(1500);
/// Rows of the product that are compared with f64, spread evenly.
const SAMPLE: usize = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse()?;
    let known = Device::list();
    let chosen: Vec<&DeviceInfo> = known.iter().filter(|d| options.wants(d)).collect();
    if chosen.is_empty() {
        let names: String = known.iter().map(|d| format!("\n  {d}")).collect();
        return Err(format!(
            "no device is called {:?}; there are:{names}",
            options.devices
        )
        .into());
    }
    for info in &chosen {
        println!("{info}");
    }
    println!();
    println!(
        "{:>6}  {:<12} {:>12} {:>10} {:>10} {:>11} {:>8}",
        "N", "device", "time", "GFLOP/s", "× loop", "max error", "in u"
    );
    let mut lines = Vec::new();
    // Per device, how long the last size took, or why it ended.
    let mut last: Vec<Result<Option<Duration>, String>> = chosen.iter().map(|_| Ok(None)).collect();
    for n in SIZES.into_iter().filter(|n| *n <= options.max) {
        let problem = Problem::new(n);
        let plain = problem.triple_loop();
        let loop_seconds = plain.seconds;
        lines.push(plain);
        show(&lines[lines.len() - 1], loop_seconds);
        for (info, last) in chosen.iter().zip(&mut last) {
            let expected = last.as_ref().ok().and_then(|l| l.map(|l| l * 8));
            if let Some(expected) = expected.filter(|e| *e > TOO_LONG) {
                *last = Err(format!(
                    "left out: about {:.0} s expected",
                    expected.as_secs_f64()
                ));
            }
            match last {
                Err(reason) => println!("{n:>6}  {:<12} {reason}", info.id),
                Ok(_) => match problem.device(info) {
                    Ok(line) => {
                        *last = Ok(Some(Duration::from_secs_f64(line.seconds)));
                        show(&line, loop_seconds);
                        lines.push(line);
                    }
                    Err(error) => {
                        println!("{n:>6}  {:<12} failed: {error}", info.id);
                        *last = Err("left out after the failure above".into());
                    }
                },
            }
        }
    }
    println!("\nmax error: |result − f64|, and the largest |result − f64| / Σ|a||b| in u = 2⁻²⁴.");
    if lines.iter().any(|l| l.rows < l.n && l.device == LOOP_NAME) {
        println!("~ timed on the first rows only, as many as fit in {LOOP:?}, and scaled to all.");
    }
    if lines.iter().any(|l| l.runs == 1 && l.rows == l.n) {
        println!("* one run.");
    }
    if let Some(file) = options.json {
        std::fs::write(&file, json(&chosen, &lines))?;
        println!("written: {file}");
    }
    Ok(())
}

struct Options {
    max: usize,
    devices: Vec<String>,
    json: Option<String>,
}

impl Options {
    fn parse() -> Result<Self, String> {
        let mut options = Self {
            max: usize::MAX,
            devices: Vec::new(),
            json: None,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value"));
            match arg.as_str() {
                // Cargo says so itself.
                "--bench" => {}
                "--max" => options.max = value()?.parse().map_err(|e| format!("--max: {e}"))?,
                "--device" => options.devices.push(value()?),
                "--json" => options.json = Some(value()?),
                _ => {
                    return Err(format!(
                        "{arg}: known are --max N, --device NAME, --json FILE"
                    ));
                }
            }
        }
        Ok(options)
    }

    fn wants(&self, info: &DeviceInfo) -> bool {
        let name = info.name.to_lowercase();
        let is = |wanted: &String| *wanted == info.id || name.contains(&wanted.to_lowercase());
        self.devices.is_empty() || self.devices.iter().any(is)
    }
}

const LOOP_NAME: &str = "triple loop";

/// One measurement.
struct Line {
    n: usize,
    device: String,
    /// Of the whole product.
    seconds: f64,
    runs: usize,
    /// Rows that were computed: all but for the triple loop.
    rows: usize,
    /// Rows that were compared with f64.
    compared: usize,
    error: f64,
    /// The largest error of an element over the sum of its products' sizes, in 2⁻²⁴.
    units: f64,
}

impl Line {
    fn gflops(&self) -> f64 {
        2.0 * (self.n as f64).powi(3) / self.seconds / 1e9
    }
}

fn show(line: &Line, loop_seconds: f64) {
    let time = match line.seconds {
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    };
    let mark = match line {
        _ if line.rows < line.n => "~",
        _ if line.runs == 1 => "*",
        _ => "",
    };
    println!(
        "{:>6}  {:<12} {:>12} {:>10.2} {:>10.2} {:>11.1e} {:>8.2}",
        line.n,
        line.device,
        format!("{mark}{time}"),
        line.gflops(),
        loop_seconds / line.seconds,
        line.error,
        line.units
    );
}

/// Two matrices, row-major, with elements uniform in [−1, 1).
struct Problem {
    n: usize,
    a: Vec<f32>,
    b: Vec<f32>,
}

impl Problem {
    fn new(n: usize) -> Self {
        let mut state = n as u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut matrix = || (0..n * n).map(|_| draw()).collect();
        Self {
            n,
            a: matrix(),
            b: matrix(),
        }
    }

    fn device(&self, info: &DeviceInfo) -> tilewise::Result<Line> {
        let n = self.n;
        let device = Device::named(&info.id)?;
        let a = Tensor::from_slice(&self.a, [n, n], &device)?;
        let b = Tensor::from_slice(&self.b, [n, n], &device)?;
        device.synchronize()?;
        let run = || -> tilewise::Result<(Duration, Tensor)> {
            let start = Instant::now();
            let c = a.matmul(&b)?;
            device.synchronize()?;
            Ok((start.elapsed(), c))
        };
        // Compiles what is not compiled, and may be all there is time for.
        let (mut warm, mut c) = run()?;
        if warm > LONG && n < SIZES[SIZES.len() - 1] {
            (warm, c) = run()?;
        }
        let mut times = vec![warm];
        if warm <= LONG {
            times.clear();
            let start = Instant::now();
            while times.len() < *RUNS.start()
                || (start.elapsed() < SPENT && times.len() < *RUNS.end())
            {
                let (time, product) = run()?;
                times.push(time);
                c = product;
            }
        }
        times.sort();
        let (error, units, compared) = self.errors(&c.to_vec()?, n);
        Ok(Line {
            n,
            device: info.id.clone(),
            seconds: times[times.len() / 2].as_secs_f64(),
            runs: times.len(),
            rows: n,
            compared,
            error,
            units,
        })
    }

    /// The product as it is written in a textbook, row by row until the time is over.
    fn triple_loop(&self) -> Line {
        let Self { n, a, b } = self;
        let mut c = vec![0f32; n * n];
        let mut times = Vec::new();
        let mut rows = *n;
        let start = Instant::now();
        while times.len() < *RUNS.end() && (times.is_empty() || start.elapsed() < LOOP / 3) {
            let run = Instant::now();
            for i in 0..rows {
                for j in 0..*n {
                    let mut sum = 0.0;
                    for k in 0..*n {
                        sum += a[i * n + k] * b[k * n + j];
                    }
                    c[i * n + j] = sum;
                }
                if start.elapsed() > LOOP {
                    rows = i + 1;
                    break;
                }
            }
            times.push(run.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        let (error, units, compared) = self.errors(&c, rows);
        Line {
            n: *n,
            device: LOOP_NAME.into(),
            seconds: times[times.len() / 2] * *n as f64 / rows as f64,
            runs: times.len(),
            rows,
            compared,
            error,
            units,
        }
    }

    /// The largest error of a sample of the first `rows` rows, the first and last among them: as it
    /// is, and over the sum of the products' sizes in 2⁻²⁴; and the size of the sample.
    fn errors(&self, got: &[f32], rows: usize) -> (f64, f64, usize) {
        let n = self.n;
        let count = rows.min(SAMPLE);
        let (mut largest, mut units) = (0f64, 0f64);
        for at in 0..count {
            let i = at * (rows - 1) / (count - 1).max(1);
            let (mut sums, mut sizes) = (vec![0f64; n], vec![0f64; n]);
            for k in 0..n {
                let left = self.a[i * n + k] as f64;
                for (j, right) in self.b[k * n..][..n].iter().enumerate() {
                    let product = left * *right as f64;
                    sums[j] += product;
                    sizes[j] += product.abs();
                }
            }
            for j in 0..n {
                let error = (got[i * n + j] as f64 - sums[j]).abs();
                // NaN counts as an error without bound.
                let error = if error.is_nan() { f64::INFINITY } else { error };
                largest = largest.max(error);
                units = units.max(error / sizes[j] * (1 << 24) as f64);
            }
        }
        (largest, units, count)
    }
}

fn json(devices: &[&DeviceInfo], lines: &[Line]) -> String {
    let quoted = |text: &str| {
        let mut out = String::from('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                c if c < ' ' => _ = write!(out, "\\u{:04x}", c as u32),
                c => out.push(c),
            }
        }
        out + "\""
    };
    let number = |x: f64| {
        if x.is_finite() {
            format!("{x:e}")
        } else {
            "null".into()
        }
    };
    let devices: Vec<String> = devices
        .iter()
        .map(|d| {
            format!(
                "    {{\"id\": {}, \"name\": {}, \"kind\": {}, \"backend\": {}, \"driver\": {}}}",
                quoted(&d.id),
                quoted(&d.name),
                quoted(&d.kind.to_string()),
                quoted(&d.backend),
                quoted(&d.driver)
            )
        })
        .collect();
    let results: Vec<String> = lines
        .iter()
        .map(|l| {
            let plain = lines.iter().find(|p| p.n == l.n && p.device == LOOP_NAME);
            format!(
                "    {{\"n\": {}, \"device\": {}, \"seconds\": {}, \"runs\": {}, \"rows\": {}, \
                 \"gflops\": {}, \"times_loop\": {}, \"rows_compared\": {}, \"max_error\": {}, \
                 \"max_error_u\": {}}}",
                l.n,
                quoted(&l.device),
                number(l.seconds),
                l.runs,
                l.rows,
                number(l.gflops()),
                plain.map_or("null".into(), |p| number(p.seconds / l.seconds)),
                l.compared,
                number(l.error),
                number(l.units)
            )
        })
        .collect();
    format!(
        "{{\n  \"bench\": \"matmul\",\n  \"dtype\": \"f32\",\n  \"devices\": [\n{}\n  ],\n  \"results\": [\n{}\n  ]\n}}\n",
        devices.join(",\n"),
        results.join(",\n")
    )
}
