//! What the tests share: registering and running them, golden values, comparisons.

/// Lists the test functions of a module: `tests![golden, prints];`. One that is not listed is dead
/// code, which the lints refuse.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn tests() -> Vec<$crate::support::Test> {
            vec![$($crate::support::Test::new(module_path!(), stringify!($name), $name)),+]
        }
    };
}

pub(crate) mod broad;
pub(crate) mod compare;
pub(crate) mod golden;
pub(crate) mod gradient;
pub(crate) mod json;
pub(crate) mod layouts;
pub(crate) mod programs;

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use tilewise::{Device, DeviceKind, DeviceOptions};

/// The environment variable that chooses what the tests run on: `cpu`, `gpu`, `checked`, or several
/// with commas. Unset it means `cpu,gpu`.
const VARIABLE: &str = "TILEWISE_TEST_DEVICES";

/// A test function under its name.
pub(crate) struct Test {
    name: String,
    body: Body,
}

/// What runs: once, or once a device.
pub(crate) enum Body {
    Host(Box<dyn FnOnce() -> Ran + Send>),
    Device(Arc<dyn Fn(&Device) -> Ran + Send + Sync>),
    /// Once a device that is not the CPU.
    Gpu(Arc<dyn Fn(&Device) -> Ran + Send + Sync>),
}

/// A GPU: a test that takes one is not registered for the CPU.
pub(crate) struct Gpu<'a>(pub(crate) &'a Device);

impl Gpu<'_> {
    /// The same adapter as a device of its own, with its own memory, pipelines and counters.
    pub(crate) fn open(&self, options: DeviceOptions) -> tilewise::Result<Device> {
        Device::open(&self.0.info().id, options)
    }

    /// The same adapter, its results compared with the CPU's.
    pub(crate) fn checked(&self, options: DeviceOptions) -> tilewise::Result<Device> {
        Device::open(&self.0.info().id.replace("gpu", "checked"), options)
    }
}

/// What became of a test.
type Ran = Result<(), Failed>;

impl Test {
    /// The name under which the test is registered, but for its device.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it runs once a device, the CPU included.
    pub(crate) fn runs_everywhere(&self) -> bool {
        matches!(self.body, Body::Device(_))
    }

    /// The test of a function in a module, both by name; the module's path loses the crate's name.
    pub(crate) fn new<Kind>(module: &str, name: &str, function: impl Function<Kind>) -> Self {
        let module = module.split_once("::").map_or("", |(_, inner)| inner);
        Self {
            name: format!("{module}::{name}"),
            body: function.body(),
        }
    }
}

/// A function that can be a test; the parameter only keeps the two implementations apart.
pub(crate) trait Function<Kind> {
    fn body(self) -> Body;
}

impl<F: Fn() -> O + Send + 'static, O: Outcome> Function<fn() -> O> for F {
    fn body(self) -> Body {
        Body::Host(Box::new(move || self().outcome()))
    }
}

impl<F: Fn(&Device) -> O + Send + Sync + 'static, O: Outcome> Function<fn(&Device) -> O> for F {
    fn body(self) -> Body {
        Body::Device(Arc::new(move |device| {
            settled(device, || self(device).outcome())
        }))
    }
}

impl<F: Fn(Gpu<'_>) -> O + Send + Sync + 'static, O: Outcome> Function<fn(Gpu<'_>) -> O> for F {
    fn body(self) -> Body {
        Body::Gpu(Arc::new(move |device| {
            settled(device, || self(Gpu(device)).outcome())
        }))
    }
}

/// Runs a test and waits for what it left under way: a software driver may crash if the process ends
/// while its threads still run shaders.
fn settled(device: &Device, test: impl FnOnce() -> Ran) -> Ran {
    let ran = test();
    // A fault that the test left behind is not what it tests.
    let _ = device.synchronize();
    ran
}

/// What a test function may return.
pub(crate) trait Outcome {
    fn outcome(self) -> Ran;
}

impl Outcome for () {
    fn outcome(self) -> Ran {
        Ok(())
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn outcome(self) -> Ran {
        self.map_err(Failed::from)
    }
}

/// Runs tests as the command line asks. Tests of a device that this machine does
/// not have are ignored, which the summary counts, and a line says so.
pub(crate) fn run(tests: Vec<Test>) -> ExitCode {
    let args = Arguments::from_args();
    let devices = chosen_devices();
    let mut trials = Vec::new();
    let mut skipped = 0;
    for test in tests {
        let (body, only_gpu) = match test.body {
            Body::Host(body) => {
                trials.push(Trial::test(test.name, body));
                continue;
            }
            Body::Device(body) => (body, false),
            Body::Gpu(body) => (body, true),
        };
        for device in devices.iter().filter(|d| !only_gpu || *d != "cpu") {
            let name = format!("{}::{device}", test.name);
            // One test of one device is asked for: look for no other.
            if args.exact && args.filter.as_ref().is_some_and(|wanted| *wanted != name) {
                continue;
            }
            let missing = device != "cpu" && !has_gpu();
            skipped += missing as usize;
            let (body, device) = (body.clone(), device.clone());
            let trial = Trial::test(name, move || body(&open(&device)?));
            trials.push(trial.with_ignored_flag(missing));
        }
    }
    // Said once, though nextest lists the ignored tests by a second call.
    if skipped > 0 && !args.ignored {
        eprintln!("\n*** NO GPU ADAPTER FOUND: {skipped} GPU tests are SKIPPED (ignored) ***\n");
    }
    libtest_mimic::run(&args, trials).exit_code()
}

/// The devices that the environment asks for.
fn chosen_devices() -> Vec<String> {
    let wanted = std::env::var(VARIABLE).unwrap_or_else(|_| "cpu,gpu".into());
    let names: Vec<String> = wanted
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    for name in &names {
        assert!(
            matches!(name.as_str(), "cpu" | "gpu" | "checked"),
            "{VARIABLE} is {wanted:?}; it lists `cpu`, `gpu` and `checked`"
        );
    }
    names
}

/// Whether there is an adapter. Software ones count: they are what runs the shaders on machines
/// that have no other.
pub(crate) fn has_gpu() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        Device::list()
            .iter()
            .any(|info| info.kind != DeviceKind::Cpu)
    })
}

/// The same hardware as a device of its own: a fault that is told to the next read must not reach
/// another test's, and counters are those of this test.
pub(crate) fn own(device: &Device) -> tilewise::Result<Device> {
    Device::open(&device.info().id, DeviceOptions::default())
}

fn open(name: &str) -> tilewise::Result<Device> {
    if name == "cpu" {
        Ok(Device::cpu())
    } else {
        Device::named(name)
    }
}
