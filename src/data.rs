//! Data: sets of examples, how they come in batches, and what is done to them before.
//!
//! - Sets: [`Dataset`] and its combinators, [`TensorDataset`], [`idx`] (MNIST and its kin) and, behind the
//!   feature `image`, `ImageFolder`. Tables in text are the feature `csv`, NumPy's files the feature `npy`.
//! - Batches: [`Loader`], shuffled or weighted by a seed, made ahead on another thread.
//! - Parts of a set: [`train_test_split`], [`Split`], [`KFold`].
//! - Preparation: [`StandardScaler`], [`MinMaxScaler`], [`LabelEncoder`], [`OneHotEncoder`],
//!   [`PolynomialFeatures`], and a [`Pipeline`] of them with a model at its end.
//! - Made sets: [`make_moons`], [`make_circles`], [`make_blobs`], [`make_spiral`], [`make_regression`],
//!   [`make_sine`].
//! - Real ones that come with the crate, behind the feature `datasets`: `datasets::iris` and others.
//!
//! Where scikit-learn has the same name, it means the same: the same sizes, order of columns and values.
//!
//! ```
//! use tilewise::prelude::*;
//! use tilewise::data::{self, Loader, StandardScaler, Transform};
//!
//! let dev = Device::cpu();
//! let moons = data::make_moons(200, 0.1, 0, &dev)?;
//! let (train, test) = data::train_test_split(moons.inputs(), moons.targets(), 0.25, 0)?;
//! let mut scaler = StandardScaler::new();
//! scaler.fit(train.inputs())?; // what the test says is not known yet
//! assert_eq!(scaler.transform(test.inputs())?.shape(), [50, 2]);
//! let loader = Loader::new(train, 32)?.shuffle(0).prefetch(2);
//! for batch in loader.epoch(0) {
//!     let (x, y) = batch?;
//!     // a step of training
//! #   assert_eq!(x.shape()[0], y.shape()[0]);
//! }
//! # Ok::<(), Error>(())
//! ```

#[cfg(not(target_arch = "wasm32"))]
mod classes;
mod combine;
mod dataset;
#[cfg(feature = "datasets")]
pub mod datasets;
#[cfg(not(target_arch = "wasm32"))]
mod encode;
#[cfg(feature = "image")]
mod folder;
#[cfg(not(target_arch = "wasm32"))]
mod folds;
pub mod idx;
mod loader;
mod made;
mod pipeline;
mod polynomial;
#[cfg(not(target_arch = "wasm32"))]
mod prefetch;
mod scale;
mod split;
mod transform;

pub use self::combine::{Concat, Map, Subset};
pub use self::dataset::{Dataset, TensorDataset};
#[cfg(not(target_arch = "wasm32"))]
pub use self::encode::{LabelEncoder, OneHotEncoder};
#[cfg(feature = "image")]
pub use self::folder::ImageFolder;
#[cfg(not(target_arch = "wasm32"))]
pub use self::folds::KFold;
pub use self::loader::{Batches, Loader};
pub use self::made::{
    make_blobs, make_blobs_at, make_circles, make_moons, make_regression, make_sine, make_spiral,
};
pub use self::pipeline::Pipeline;
pub use self::polynomial::PolynomialFeatures;
pub use self::scale::{MinMaxScaler, StandardScaler};
#[cfg(not(target_arch = "wasm32"))]
pub use self::split::train_test_split_stratified;
pub use self::split::{Split, train_test_split};
pub use self::transform::{Fit, Predict, Transform};
