//! Archives of named arrays.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::ZipArchive;

use super::{Narrowing, fail, read_named};
use crate::device::Device;
use crate::error::Result;
use crate::tensor::Tensor;

/// An npz file: arrays by name, of which each is read when it is asked for.
///
/// ```
/// use tilewise::{npy::{self, Npz}, prelude::*};
///
/// let dev = Device::cpu();
/// let path = std::env::temp_dir().join(format!("tilewise-{}.npz", std::process::id()));
/// let (x, y) = (Tensor::new([1.0, 2.0], &dev)?, Tensor::new([3], &dev)?);
/// npy::savez(&path, &[("x", &x), ("y", &y)])?;
/// let mut archive = Npz::open(&path)?;
/// assert_eq!(archive.names(), ["x", "y"]);
/// assert_eq!(archive.load("y", &dev)?.to_vec::<i32>()?, [3]);
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Npz {
    name: String,
    archive: ZipArchive<BufReader<File>>,
}

const SUFFIX: &str = ".npy";

impl Npz {
    /// Opens an archive, stored or compressed, and reads its list of files.
    ///
    /// # Errors
    /// A file that cannot be read or is no zip archive.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        const OP: &str = "npz::open";
        let name = path.as_ref().display().to_string();
        let file = match crate::file::open(path.as_ref()) {
            Ok(file) => file,
            Err(error) => return fail(OP, &name, error),
        };
        match ZipArchive::new(BufReader::new(file)) {
            Ok(archive) => Ok(Self { name, archive }),
            Err(error) => fail(OP, &name, format!("this is no npz file: {error}")),
        }
    }

    /// The names of the arrays, in the archive's order.
    pub fn names(&self) -> Vec<String> {
        let files = self.archive.file_names().flatten();
        files
            .filter_map(|name| Some(name.strip_suffix(SUFFIX)?.to_owned()))
            .collect()
    }

    /// An array by its name. Of a value that does not fit, see [`Narrowing::Checked`].
    ///
    /// # Errors
    /// No array of that name, and as [`load`](super::load).
    #[track_caller]
    pub fn load(&mut self, name: &str, device: &Device) -> Result<Tensor> {
        self.load_with(name, Narrowing::Checked, device)
    }

    /// As [`Npz::load`], with a choice of what becomes of values that do not fit.
    ///
    /// # Errors
    /// As [`Npz::load`].
    #[track_caller]
    pub fn load_with(
        &mut self,
        name: &str,
        narrowing: Narrowing,
        device: &Device,
    ) -> Result<Tensor> {
        const OP: &str = "npz::load";
        let Some(index) = self.archive.index_for_name(&format!("{name}{SUFFIX}")) else {
            let message = format!("there is no array {name:?}, but {:?}", self.names());
            return fail(OP, &self.name, message);
        };
        let place = format!("{}, {name}", self.name);
        match self.archive.by_index(index) {
            Ok(mut file) => read_named(OP, &place, &mut file, narrowing, device),
            Err(error) => fail(OP, &place, error),
        }
    }
}

/// Saves tensors under their names in an npz file, NumPy's `np.savez`; waits for what is recorded.
///
/// # Errors
/// A failed computation, a name twice, or a file that cannot be written.
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
pub fn savez(path: impl AsRef<Path>, tensors: &[(&str, &Tensor)]) -> Result<()> {
    archive(path.as_ref(), tensors, zip::CompressionMethod::Stored)
}

/// As [`savez`], compressed: NumPy's `np.savez_compressed`.
///
/// # Errors
/// As [`savez`].
#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
pub fn savez_compressed(path: impl AsRef<Path>, tensors: &[(&str, &Tensor)]) -> Result<()> {
    archive(path.as_ref(), tensors, zip::CompressionMethod::Deflated)
}

#[cfg(not(target_arch = "wasm32"))]
#[track_caller]
fn archive(path: &Path, tensors: &[(&str, &Tensor)], method: zip::CompressionMethod) -> Result<()> {
    const OP: &str = "npz::save";
    let place = path.display().to_string();
    let file = match File::create(path) {
        Ok(file) => file,
        Err(error) => return fail(OP, &place, error),
    };
    let mut writer = zip::ZipWriter::new(std::io::BufWriter::new(file));
    for (name, tensor) in tensors {
        let bytes = super::values::Stored::of(tensor)?;
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(method)
            .large_file(bytes.size() >= u64::from(u32::MAX));
        let written = writer
            .start_file(format!("{name}{SUFFIX}"), options)
            .and_then(|()| Ok(bytes.write(&mut writer)?));
        if let Err(error) = written {
            return fail(OP, &place, format!("{name}: {error}"));
        }
    }
    match writer.finish() {
        Ok(_) => Ok(()),
        Err(error) => fail(OP, &place, error),
    }
}
