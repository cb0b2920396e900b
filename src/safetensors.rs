//! Safetensors files: named tensors, as networks are saved and exchanged.
//!
//! ```
//! use tilewise::{prelude::*, safetensors};
//!
//! let dev = Device::cpu();
//! let x = Tensor::new([[0f32, 0.], [0., 1.], [1., 0.], [1., 1.]], &dev)?;
//! let y = Tensor::new([0, 1, 1, 0], &dev)?;
//! let mut model = nn::mlp([2, 16, 2], nn::Tanh, &dev)?;
//! let mut adam = optim::Adam::new(0.05);
//! for _ in 0..20 {
//!     let grads = model.forward(&x)?.cross_entropy(&y)?.backward()?;
//!     adam.step(&mut model, &grads)?;
//! }
//!
//! let path = std::env::temp_dir().join(format!("tilewise-{}.safetensors", std::process::id()));
//! safetensors::save(&path, &model.state(), &[("epochs", "20")])?;
//!
//! let again = nn::mlp([2, 16, 2], nn::Tanh, &dev)?;
//! again.load_state(&safetensors::load(&path, &dev)?, nn::Load::Exact)?;
//! let logits = model.forward(&x)?.to_vec::<f32>()?;
//! assert_eq!(again.forward(&x)?.to_vec::<f32>()?, logits); // to the bit
//! # std::fs::remove_file(path).ok();
//! # Ok::<(), Error>(())
//! ```
//!
//! Numbers become what they become of NumPy's files:
//!
//! | in the file | becomes |
//! |---|---|
//! | `BOOL` | `bool` |
//! | `U8`, `U16`, `U32` | `u32` |
//! | `I8`, `I16`, `I32` | `i32` |
//! | `U64`, `I64` | `u32`, `i32`; a value out of range is an error, or the nearest with [`Narrowing::Lossy`] |
//! | `F16` | `f16`, or `f32` on a device that has no `f16` |
//! | `BF16`, `F32` | `f32` |
//! | `F64` | the nearest `f32`; a number beyond its range is an error, or ±∞ with [`Narrowing::Lossy`] |
//!
//! Numbers of 8 bits and fewer that stand for floats, and complex ones, are not read. A file is trusted in
//! nothing: no memory is taken for what it promises and does not hold. How PyTorch lays out the weights of its
//! layers, and how to export them, is told in `docs/weights.md`.

mod header;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

use self::header::Header;
use crate::device::Device;
use crate::error::Result;
pub use crate::numbers::Narrowing;
use crate::numbers::{Reading, Words, fail};
use crate::tensor::Tensor;

/// Loads all tensors of a file, in the order in which they lie there, for
/// [`load_state`](crate::nn::Module::load_state).
///
/// # Errors
/// A file that cannot be read, is no safetensors file, is cut off or longer than it says, or holds a type that is
/// not read or a value out of range; and no memory on the device.
#[doc(alias = "load_file")]
#[track_caller]
pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Vec<(String, Tensor)>> {
    load_with(path, Narrowing::Checked, device)
}

/// As [`load`], with a choice of what becomes of values that do not fit.
///
/// # Errors
/// As [`load`].
#[track_caller]
pub fn load_with(
    path: impl AsRef<Path>,
    narrowing: Narrowing,
    device: &Device,
) -> Result<Vec<(String, Tensor)>> {
    let mut file = SafetensorsFile::open(path)?;
    let mut tensors = Vec::new();
    for name in file.names() {
        let tensor = file.load(&name, narrowing, device)?;
        tensors.push((name, tensor));
    }
    Ok(tensors)
}

/// A file of which single tensors are read.
///
/// ```no_run
/// use tilewise::{prelude::*, safetensors::{Narrowing, SafetensorsFile}};
/// let mut file = SafetensorsFile::open("model.safetensors")?;
/// println!("{:?} {:?}", file.names(), file.metadata().get("epochs"));
/// let weight = file.load("0.weight", Narrowing::Checked, &Device::default())?;
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "safe_open")]
#[derive(Debug)]
pub struct SafetensorsFile {
    name: String,
    file: File,
    header: Header,
}

impl SafetensorsFile {
    /// Opens a file and reads what it says of its tensors.
    ///
    /// # Errors
    /// A file that cannot be read, is no safetensors file, or is shorter or longer than it says.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        match Self::opened(path.as_ref()) {
            Ok((file, header)) => Ok(Self { name, file, header }),
            Err(message) => fail("safetensors::open", &name, message),
        }
    }

    fn opened(path: &Path) -> Words<(File, Header)> {
        let words = |error: std::io::Error| error.to_string();
        let mut file = File::open(path).map_err(words)?;
        let length = file.metadata().map_err(words)?.len();
        let header = Header::read(&mut file, length)?;
        Ok((file, header))
    }

    /// The names of the tensors, in the order in which they lie in the file.
    pub fn names(&self) -> Vec<String> {
        let names = self.header.tensors.iter().map(|(name, _)| name.clone());
        names.collect()
    }

    /// What the file says besides: words under words.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.header.metadata
    }

    /// A tensor by its name.
    ///
    /// # Errors
    /// A name that is not there, and as [`load`].
    #[track_caller]
    pub fn load(&mut self, name: &str, narrowing: Narrowing, device: &Device) -> Result<Tensor> {
        const OP: &str = "safetensors::load";
        let found = self.header.tensors.iter().find(|(key, _)| key == name);
        let Some((_, info)) = found else {
            let names = self.names().join(", ");
            let message = format!("there is no tensor {name:?}; there are {names}");
            return fail(OP, &self.name, message);
        };
        let place = format!("{}, tensor {name:?}", self.name);
        let number = match header::number(info.dtype) {
            Ok(number) => number,
            Err(message) => return fail(OP, &place, message),
        };
        let start = self.header.start + info.data_offsets.0 as u64;
        if let Err(error) = self.file.seek(SeekFrom::Start(start)) {
            return fail(OP, &place, error);
        }
        let reading = Reading {
            op: OP,
            name: &place,
            number,
            big_endian: false,
            descr: &info.dtype.to_string(),
            whole: &info.shape,
            narrowing,
            certain: true,
        };
        reading.tensor(&mut BufReader::new(&self.file), &info.shape, device)
    }
}

/// Saves tensors under their names, with words about them; waits for what is recorded. The same tensors and words
/// give the same bytes, whatever their order.
///
/// A file that was there is replaced when the new one is whole: another program sees the old one or the new
/// one, and a failure leaves the old one.
///
/// # Errors
/// A failed computation, a name or a word that is given twice, a tensor named `__metadata__`, or a file that
/// cannot be written.
#[doc(alias = "save_file")]
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
pub fn save(
    path: impl AsRef<Path>,
    tensors: &[(String, Tensor)],
    metadata: &[(&str, &str)],
) -> Result<()> {
    const OP: &str = "safetensors::save";
    let path = path.as_ref();
    let name = path.display().to_string();
    let (header, order) = match header::write(tensors, metadata) {
        Ok(written) => written,
        Err(message) => return fail(OP, &name, message),
    };
    let mut outcome = Ok(());
    let written = replace(path, |file| {
        use std::io::Write;
        file.write_all(&header)?;
        for at in order {
            match crate::numbers::bytes(&tensors[at].1) {
                Ok(bytes) => file.write_all(&bytes)?,
                Err(error) => {
                    let told = std::io::Error::other(error.to_string());
                    outcome = Err(error);
                    return Err(told);
                }
            }
        }
        Ok(())
    });
    outcome?;
    match written {
        Ok(()) => Ok(()),
        Err(error) => fail(OP, &name, error),
    }
}

/// Writes a file beside the path and, when all of it is on the disk, gives it the path's name.
#[cfg(not(target_arch = "wasm32"))]
fn replace(
    path: &Path,
    write: impl FnOnce(&mut std::io::BufWriter<&File>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    use std::sync::atomic::{AtomicU64, Ordering};
    // Two threads that save to one path have a file each.
    static SAVED: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(std::io::Error::other(
            "the path does not end in a file's name",
        ));
    };
    let count = SAVED.fetch_add(1, Ordering::Relaxed);
    let mut beside = name.to_os_string();
    beside.push(format!(".{}-{count}.part", std::process::id()));
    let beside = path.with_file_name(beside);
    let file = File::options().write(true).create_new(true).open(&beside)?;
    let mut writer = std::io::BufWriter::new(&file);
    let written = write(&mut writer)
        .and_then(|()| std::io::Write::flush(&mut writer))
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // The first failure is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written
}
