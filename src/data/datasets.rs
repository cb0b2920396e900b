//! Small real data sets that come with the crate, behind the feature `datasets`: some 200 KB within the program.
//!
//! ```
//! use tilewise::{data::datasets, prelude::*};
//!
//! let iris = datasets::iris(&Device::cpu())?;
//! assert_eq!((iris.features.shape(), iris.targets.shape()), (&[150, 4][..], &[150][..]));
//! assert_eq!(iris.feature_names[0], "sepal length (cm)");
//! assert_eq!(iris.class_names, ["setosa", "versicolor", "virginica"]);
//! println!("{}", iris.description); // where it is from, and under which licence
//! # Ok::<(), Error>(())
//! ```

mod about;

use std::io::Read;

use super::TensorDataset;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// A set of examples, and what its numbers mean.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// `(n, features)`, `f32`, as they were measured.
    pub features: Tensor,
    /// Classes `(n)`, `u32`, or values `(n, 1)`, `f32`: a column, as a network of one output has it.
    pub targets: Tensor,
    /// What each feature is.
    pub feature_names: Vec<String>,
    /// What each class is; empty where the targets are values.
    pub class_names: Vec<String>,
    /// What the set is, where it is from, and its licence.
    pub description: &'static str,
}

impl Bundle {
    /// The examples as a set for a loader.
    ///
    /// # Errors
    /// None, unless the fields were changed to what does not fit.
    #[track_caller]
    pub fn dataset(&self) -> Result<TensorDataset> {
        TensorDataset::new(&self.features, &self.targets)
    }
}

/// A file of `data/`, as part of the program.
macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../data/", $name)).as_slice()
    };
}

/// Fisher's irises: 150 flowers of three species, four lengths and widths in cm.
///
/// # Errors
/// No memory on the device.
#[track_caller]
pub fn iris(device: &Device) -> Result<Bundle> {
    classes(
        file!("iris.csv.gz"),
        1,
        words(about::IRIS.features),
        about::IRIS,
        device,
    )
}

/// Wines: thirteen measurements of 178 wines of three cultivars.
///
/// # Errors
/// No memory on the device.
#[track_caller]
pub fn wine(device: &Device) -> Result<Bundle> {
    classes(
        file!("wine.csv.gz"),
        1,
        words(about::WINE.features),
        about::WINE,
        device,
    )
}

/// Breast cancer (diagnostic): thirty measurements of the cell nuclei of 569 tumours, malignant (0) or benign
/// (1).
///
/// # Errors
/// No memory on the device.
#[track_caller]
pub fn breast_cancer(device: &Device) -> Result<Bundle> {
    classes(
        file!("breast_cancer.csv.gz"),
        1,
        words(about::CANCER.features),
        about::CANCER,
        device,
    )
}

/// Handwritten digits: 1,797 images of 8×8 pixels from 0 to 16, row by row.
///
/// ```
/// use tilewise::{data::datasets, prelude::*};
/// let digits = datasets::digits(&Device::cpu())?;
/// let images = (&digits.features / 16).reshape([-1, 1, 8, 8])?;
/// assert_eq!(images.shape(), [1797, 1, 8, 8]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// No memory on the device.
#[track_caller]
pub fn digits(device: &Device) -> Result<Bundle> {
    let pixel = |i: usize| format!("pixel_{}_{}", i / 8, i % 8);
    let names = (0..64).map(pixel).collect();
    classes(file!("digits.csv.gz"), 0, names, about::DIGITS, device)
}

/// Diabetes: age, sex (1 or 2), body mass index, blood pressure and six measurements of blood serum of 442
/// patients, and the progression of the disease a year later. As measured: scikit-learn gives the columns centred
/// and scaled unless asked for `scaled=False`.
///
/// # Errors
/// No memory on the device.
#[track_caller]
pub fn diabetes(device: &Device) -> Result<Bundle> {
    let about = about::DIABETES;
    let features = numbers(file!("diabetes_data_raw.csv.gz"), 0)?;
    let targets = numbers(file!("diabetes_target.csv.gz"), 0)?;
    let (n, width) = (targets.len(), about.features.len());
    Ok(Bundle {
        features: Tensor::from_slice(&features, [n, width], device)?,
        targets: Tensor::from_slice(&targets, [n, 1], device)?,
        feature_names: words(about.features),
        class_names: Vec::new(),
        description: about.text,
    })
}

/// The points of scikit-learn's `make_moons(noise=0.1, random_state=5)`: 100 in two half circles. Our own
/// [`make_moons`](super::make_moons) draws others.
///
/// # Errors
/// No memory on the device.
#[track_caller]
pub fn moons(device: &Device) -> Result<Bundle> {
    classes(
        file!("moons.csv.gz"),
        1,
        words(about::MOONS.features),
        about::MOONS,
        device,
    )
}

/// The first volume (chapters 1 to 23) of Jane Austen's *Pride and Prejudice*, 1813, for a network that learns to
/// write: 231,000 letters, spaces and marks of ASCII, in lines of some 70.
///
/// ```
/// let text = tilewise::data::datasets::pride_and_prejudice()?;
/// assert!(text.contains("It is a truth universally acknowledged"));
/// # Ok::<(), tilewise::Error>(())
/// ```
///
/// # Errors
/// None, unless the crate's file is damaged.
#[track_caller]
pub fn pride_and_prejudice() -> Result<String> {
    unpacked(file!("pride_and_prejudice.txt.gz"))
}

/// What is known of a set besides its numbers.
struct About {
    features: &'static [&'static str],
    classes: &'static [&'static str],
    text: &'static str,
}

/// The numbers of a compressed text, between commas, spaces and line ends, after so many lines of another kind.
#[track_caller]
fn numbers(file: &[u8], header: usize) -> Result<Vec<f32>> {
    let text = unpacked(file)?;
    let words = text.lines().skip(header);
    let words = words.flat_map(|line| line.split([',', ' ']));
    words
        .map(|word| word.parse().map_err(|_| damaged(word)))
        .collect()
}

/// The text of a compressed file.
#[track_caller]
fn unpacked(file: &[u8]) -> Result<String> {
    let mut text = String::new();
    match flate2::read::GzDecoder::new(file).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(damaged(error)),
    }
}

#[track_caller]
fn damaged(why: impl std::fmt::Display) -> Error {
    Error::value("datasets", format!("a file of the crate is damaged: {why}"))
}

/// A set whose last column is the class.
#[track_caller]
fn classes(
    file: &[u8],
    header: usize,
    feature_names: Vec<String>,
    about: About,
    device: &Device,
) -> Result<Bundle> {
    let (numbers, width) = (numbers(file, header)?, feature_names.len());
    let rows = numbers.chunks_exact(width + 1);
    let n = rows.len();
    let features: Vec<f32> = rows
        .clone()
        .flat_map(|row| &row[..width])
        .copied()
        .collect();
    let targets: Vec<u32> = rows.map(|row| row[width] as u32).collect();
    Ok(Bundle {
        features: Tensor::from_slice(&features, [n, width], device)?,
        targets: Tensor::from_slice(&targets, [n], device)?,
        feature_names,
        class_names: words(about.classes),
        description: about.text,
    })
}

fn words(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}
