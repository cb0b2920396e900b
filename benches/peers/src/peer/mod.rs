//! The engines that are measured.

#[cfg(feature = "burn")]
mod burn;
#[cfg(feature = "candle")]
mod candle;
#[cfg(feature = "gemm")]
mod gemm;
#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(feature = "numr")]
mod numr;
mod tilewise;

use crate::Result;
use crate::devices::Target;
use crate::works::Op;

/// Work whose operands are in place; a call gives the result, or the promise of it.
pub type Job<V> = Box<dyn FnMut() -> Result<V>>;

/// An engine on a device.
pub trait Peer {
    type Value;

    fn version(&self) -> String;

    /// What it runs on, in its own words.
    fn device(&self) -> String {
        format!("{} threads", crate::machine::cores())
    }

    /// Puts operands in place; `None` where the engine has no such operation.
    fn prepare(&self, op: &Op) -> Result<Option<Job<Self::Value>>>;

    /// Returns when the value is computed.
    fn finish(&self, value: &Self::Value) -> Result<()>;

    fn read(&self, value: Self::Value) -> Result<Vec<f32>>;
}

/// What is done with a peer of whatever type.
pub trait Visit {
    fn with(self, peer: impl Peer) -> Result<()>;
}

/// A peer of the comparison.
pub struct Engine {
    pub name: &'static str,
    on_cpu: bool,
    on_gpu: bool,
    /// Served by `peers.py`; on GPUs through CUDA.
    pub python: bool,
}

const fn engine(name: &'static str, on_cpu: bool, on_gpu: bool, python: bool) -> Engine {
    Engine {
        name,
        on_cpu,
        on_gpu,
        python,
    }
}

/// burn over wgpu, by the language of its shaders.
const BURN_WGPU: &str = match cfg!(feature = "burn-spirv") {
    true => "burn-spirv",
    false => "burn-wgsl",
};

/// In the order of the tables; the first is what the others are compared with.
pub const ENGINES: [Engine; 10] = [
    engine("tilewise", true, true, false),
    engine("burn-flex", true, false, false),
    engine(BURN_WGPU, false, true, false),
    engine("numr", true, true, false),
    engine("candle", true, false, false),
    engine("ndarray", true, false, false),
    engine("gemm", true, false, false),
    engine("numpy", true, false, true),
    engine("torch", true, true, true),
    engine("jax", true, true, true),
];

impl Engine {
    pub fn runs_on(&self, target: &Target) -> bool {
        match (target.is_cpu(), self.python) {
            (true, _) => self.on_cpu,
            (false, true) => self.on_gpu && target.has_cuda(),
            (false, false) => self.on_gpu,
        }
    }
}

/// Opens a peer on `cpu` or on `gpu:0`, which the parent has made the only adapter there is.
pub fn open(name: &str, device: &str, visit: impl Visit) -> Result<()> {
    match (name, device) {
        ("tilewise", _) => visit.with(tilewise::Tilewise::open(device)?),
        #[cfg(feature = "burn")]
        ("burn-flex" | BURN_WGPU, _) => visit.with(burn::Burn::open(name)?),
        #[cfg(feature = "numr")]
        ("numr", "cpu") => visit.with(numr::cpu()),
        #[cfg(feature = "numr")]
        ("numr", _) => visit.with(numr::gpu()?),
        #[cfg(feature = "candle")]
        ("candle", _) => visit.with(candle::Candle),
        #[cfg(feature = "ndarray")]
        ("ndarray", _) => visit.with(ndarray::Ndarray),
        #[cfg(feature = "gemm")]
        ("gemm", _) => visit.with(gemm::Gemm),
        _ => Err("this program was built without it".into()),
    }
}

/// The operation's operands and their shapes.
fn operands(op: &Op) -> impl Iterator<Item = (Vec<f32>, Vec<usize>)> {
    let shapes = op.operands().into_iter().enumerate();
    shapes.map(|(index, shape)| (crate::works::data::operand(op, index), shape))
}
