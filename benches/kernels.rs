//! tilewise's kernels, one by one, for finding what became slower. Beside other engines they are
//! measured by `benches/peers`, which shares the works.
//!
//!     cargo bench --bench kernels                           # the CPU executor
//!     TILEWISE_DEVICE=gpu cargo bench --bench kernels       # the first GPU
//!     cargo bench --bench kernels -- softmax matmul_512     # works whose name contains one of these
//!     cargo bench --bench kernels -- --save before          # keeps the figures under this name
//!     cargo bench --bench kernels -- --against before       # and compares with them
//!
//! A time is the median of several rounds' medians, each run timed from recording until the device
//! reports that it is done; the spread is from the fastest round to the slowest.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tilewise::{Device, DeviceKind};

mod works;

use works::Work;
use works::reference::{self, Expected};
use works::tilewise::{Job, prepare};

const ROUNDS: usize = 7;
/// Time of a round, in which at least one run is timed.
const ROUND: Duration = Duration::from_millis(60);
const MOST_RUNS: usize = 2000;
/// A difference from the figures before that is pointed out, where the spreads do not overlap.
const NOTABLE: f64 = 0.05;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let options = Options::parse()?;
    let name = std::env::var("TILEWISE_DEVICE").unwrap_or_else(|_| "cpu".into());
    let device = Device::named(&name)?;
    println!("{}", device.info());
    let before = options.against.as_deref().map(load).transpose()?;
    if let Some(before) = &before
        && before.device != device.name()
    {
        return Err(format!("these figures are of {}", before.device).into());
    }
    let software = matches!(
        device.info().kind,
        DeviceKind::Cpu | DeviceKind::SoftwareGpu
    );
    let mut works = works::all(!software);
    works.retain(|work| !work.cold);
    let mut figures = BTreeMap::new();
    for work in works.extract_if(.., |work| options.wants(work)) {
        let figure = measure(&work, &device)?;
        let earlier = before.as_ref().and_then(|b| b.figures.get(&work.name));
        println!("{}", figure.line(&work, earlier));
        figures.insert(work.name, figure);
    }
    if figures.is_empty() {
        let names: Vec<String> = works.into_iter().map(|work| work.name).collect();
        return Err(format!("no such work; there are {}", names.join(", ")).into());
    }
    let figures = Figures {
        device: device.name(),
        figures,
    };
    match &options.save {
        Some(name) => figures.save(name),
        None => Ok(()),
    }
}

struct Options {
    only: Vec<String>,
    save: Option<String>,
    against: Option<String>,
}

impl Options {
    fn parse() -> Result<Self> {
        let (mut only, mut save, mut against) = (Vec::new(), None, None);
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || {
                let name = args.next().filter(|name| !name.starts_with('-'));
                name.ok_or(format!("{arg} needs a name"))
            };
            match arg.as_str() {
                // Cargo says so itself.
                "--bench" => {}
                "--save" => save = Some(value()?),
                "--against" => against = Some(value()?),
                option if option.starts_with('-') => {
                    let known = "--save NAME, --against NAME, and parts of works' names";
                    return Err(format!("{option}: known are {known}").into());
                }
                _ => only.push(arg),
            }
        }
        Ok(Self {
            only,
            save,
            against,
        })
    }

    fn wants(&self, work: &Work) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| work.name.contains(text))
    }
}

/// Seconds a piece of work: the median of the rounds, the fastest and the slowest.
struct Figure {
    median: f64,
    least: f64,
    most: f64,
}

fn measure(work: &Work, device: &Device) -> Result<Figure> {
    let mut job = prepare(&work.op, device)?;
    check(work, &job()?.to_vec()?)?;
    // Compiles and tunes what is not, and fills the caches.
    round(&mut job, device)?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(&mut job, device)? / work.op.pieces() as f64);
    }
    rounds.sort_by(f64::total_cmp);
    Ok(Figure {
        median: rounds[ROUNDS / 2],
        least: rounds[0],
        most: rounds[ROUNDS - 1],
    })
}

/// The median of the runs that fit in a round.
fn round(job: &mut Job, device: &Device) -> Result<f64> {
    let mut times = Vec::new();
    let start = Instant::now();
    while times.is_empty() || start.elapsed() < ROUND && times.len() < MOST_RUNS {
        let run = Instant::now();
        let result = job()?;
        device.synchronize()?;
        drop(result);
        times.push(run.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// What is fast and wrong is not timed.
fn check(work: &Work, values: &[f32]) -> Result<()> {
    let places = reference::sample(&work.op);
    for (place, Expected { value, tolerance }) in places.iter().zip(reference::expected(&work.op)) {
        let got = f64::from(values[*place]);
        // A comparison with NaN is false, so that NaN does not pass.
        let right = (got - value).abs() <= tolerance;
        if !right {
            let name = &work.name;
            return Err(format!("{name}: {got} at {place} instead of {value}").into());
        }
    }
    Ok(())
}

impl Figure {
    fn line(&self, work: &Work, before: Option<&Figure>) -> String {
        let Self {
            median,
            least,
            most,
        } = self;
        let micros = |seconds: &f64| seconds * 1e6;
        let mut line = format!(
            "{:<20} {:>12.2} µs  ({:.2} to {:.2})",
            work.name,
            micros(median),
            micros(least),
            micros(most)
        );
        let rates = [(work.op.flops(), "GFLOP/s"), (work.op.bytes(), "GB/s")];
        if let Some((amount, unit)) = rates.into_iter().find(|(amount, _)| *amount > 0.0) {
            line += &format!("  {:.1} {unit}", amount / median / 1e9);
        }
        if let Some(before) = before {
            let change = median / before.median - 1.0;
            let apart = *least > before.most || *most < before.least;
            let word = match change {
                c if !apart || c.abs() < NOTABLE => "",
                c if c < 0.0 => "  faster",
                _ => "  SLOWER",
            };
            line += &format!("  {:+.1}%{word}", 100.0 * change);
        }
        line
    }
}

/// What was measured on a device, by the works' names.
struct Figures {
    device: String,
    figures: BTreeMap<String, Figure>,
}

/// Where figures are kept.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/target").into(),
        PathBuf::from,
    );
    target.join("kernels")
}

impl Figures {
    /// A line with the device's name, then one a work: name, median, least and most, in seconds.
    fn save(&self, name: &str) -> Result<()> {
        let file = folder().join(name);
        fs::create_dir_all(folder())?;
        let figures = self.figures.iter();
        let lines =
            figures.map(|(work, f)| format!("{work} {:e} {:e} {:e}\n", f.median, f.least, f.most));
        fs::write(
            &file,
            format!("{}\n{}", self.device, lines.collect::<String>()),
        )?;
        println!("saved: {}", file.display());
        Ok(())
    }
}

fn load(name: &str) -> Result<Figures> {
    let text = fs::read_to_string(folder().join(name)).map_err(|error| {
        let saved = fs::read_dir(folder()).into_iter().flatten().flatten();
        let saved: Vec<String> = saved
            .map(|file| file.file_name().to_string_lossy().into())
            .collect();
        format!("{name}: {error}; saved are: {}", saved.join(", "))
    })?;
    let (device, lines) = text.split_once('\n').ok_or("no figures")?;
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        let work = words.next()?.to_owned();
        let mut number = || words.next()?.parse().ok();
        Some((
            work,
            Figure {
                median: number()?,
                least: number()?,
                most: number()?,
            },
        ))
    };
    let figures = lines
        .lines()
        .map(|line| parse(line).ok_or(format!("not a figure: {line}")));
    Ok(Figures {
        device: device.into(),
        figures: figures.collect::<std::result::Result<_, _>>()?,
    })
}
