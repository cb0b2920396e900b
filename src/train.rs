//! The loop of training: what is done with a model, an optimiser, a loss and data.
//!
//! ```
//! use tilewise::prelude::*;
//! use tilewise::data;
//! use tilewise::loss::CrossEntropy;
//! use tilewise::metrics::Accuracy;
//! use tilewise::train::EarlyStopping;
//!
//! let dev = Device::cpu();
//! dev.seed(0); // first weights and dropout
//! let (train, valid) = (data::make_moons(200, 0.1, 0, &dev)?, data::make_moons(100, 0.1, 1, &dev)?);
//! let model = nn::mlp([2, 16, 2], nn::Relu, &dev)?;
//! println!("{}", nn::summary(&model, [1, 2])?);
//!
//! let mut trainer = Trainer::new(model, optim::Adam::new(0.02), CrossEntropy::new())
//!     .metric(Accuracy::new())
//!     .validation(&valid)
//!     .epochs(50)
//!     .batch_size(32)
//!     .early_stopping(EarlyStopping::new("val_loss").patience(5).restore_best());
//! let history = trainer.fit(&train)?;
//! println!("{history}"); // a table of the last epochs
//! assert!(history.last("val_accuracy") > Some(0.9));
//!
//! let classes = trainer.predict_classes(valid.inputs())?;
//! assert_eq!(classes.shape(), [100]);
//! # Ok::<(), Error>(())
//! ```
//!
//! # What it stands for
//!
//! [`Trainer::fit`] does what these lines do, and a loop of one's own is as good as it: a model, an optimiser and a
//! [`Loader`](crate::data::Loader) know nothing of a trainer.
//!
//! ```
//! # use tilewise::prelude::*;
//! # use tilewise::data;
//! # let dev = Device::cpu();
//! # let train = data::make_moons(200, 0.1, 0, &dev)?;
//! # let mut model = nn::mlp([2, 16, 2], nn::Relu, &dev)?;
//! let mut adam = optim::Adam::new(0.02);
//! let loader = data::Loader::new(&train, 32)?.shuffle(0);
//! for epoch in 0..3 {
//!     let mut sum = Tensor::zeros((), &dev)?;
//!     for batch in loader.epoch(epoch) {
//!         let (x, y) = batch?;
//!         let loss = model.forward(&x)?.cross_entropy(&y)?;
//!         let gradients = loss.backward()?;
//!         sum += loss.detach() * x.shape()[0]; // stays on the device
//!         adam.step(&mut model, &gradients)?;
//!     }
//!     println!("epoch {epoch}: loss {}", sum.item::<f32>()? / 200.0);
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! # What is recorded
//!
//! [`History`] has the figures of each epoch under these names; [early stopping](EarlyStopping), a plateau of the
//! learning rate and checkpoints follow any of them.
//!
//! | name | figure |
//! |---|---|
//! | `loss` | the loss with the penalties ([`Module::penalty`](crate::nn::Module::penalty)), which are added to what is trained, as in Keras |
//! | that of a metric | the metric of what the model gave while it was being trained, before each step |
//! | `val_` and one of these | the same of the validation, after the epoch, in evaluation |
//! | `gradient.` and a parameter's | the norm of its gradient before it is clipped, if asked for by [`Trainer::gradient_norms`] |
//! | `learning_rate` | that of the epoch's last step |
//!
//! Losses and metrics that are means over rows ([`Metric::is_mean`](crate::metrics::Metric::is_mean)) are averaged over
//! the batches, each weighed by its rows: a short last batch weighs less. A loss of another reduction, or one in which
//! classes weigh differently, is averaged so too. Of metrics that are no means over rows, as F1 or the area under a
//! curve, the outputs of all batches are kept on the device and measured at once at the end of the epoch; for outputs
//! of great size that is memory.
//!
//! # No step waits
//!
//! Loss, metrics and flags of a batch are put side by side as a part of its step's plan and read when they arrive,
//! by the end of the epoch at the latest. Nothing is planned or compiled anew in an epoch that is like those before.
//! A callback after each batch costs nothing either unless it reads a value. What is found by reading, a label that is no
//! class or what [`Trainer::watch`] looks for, is therefore told some steps later.
//!
//! # The same bits
//!
//! On one device two runs of the same seeds are the same to the bit: the order of an epoch is a function of the seed and the
//! epoch's number, and weights and dropout come from the device's generator, which measuring and predicting leave as
//! it was. With the feature `safetensors`, a run that was stopped, in an epoch or after one, is saved by
//! `Trainer::save` or a `Checkpoint` and goes on by `Trainer::resume` as if it had never stopped.
//!
//! # In a pipeline
//!
//! A trainer is [`Fit`](crate::data::Fit), and so stands at the end of a [`Pipeline`](crate::data::Pipeline):
//!
//! ```
//! use tilewise::prelude::*;
//! use tilewise::data::{self, Fit, Predict, StandardScaler};
//! use tilewise::loss::Mse;
//!
//! let dev = Device::cpu();
//! let waves = data::make_sine(64, 0.1, 0, &dev)?;
//! let model = nn::mlp([1, 16, 1], nn::Tanh, &dev)?;
//! let trainer = Trainer::new(model, optim::Adam::new(0.02), Mse::new()).epochs(3);
//! let mut pipeline = data::Pipeline::new().then(StandardScaler::new()).model(trainer);
//! pipeline.fit(waves.inputs(), waves.targets())?;
//! assert_eq!(pipeline.predict(waves.inputs())?.shape(), [64, 1]);
//! # Ok::<(), Error>(())
//! ```
//!
//! The web has no trainer: the figures of an epoch are waited for, which nothing may do there.

mod callback;
#[cfg(feature = "safetensors")]
mod checkpoint;
mod evaluate;
mod figures;
mod fit;
mod history;
mod names;
mod progress;
mod rate;
#[cfg(feature = "safetensors")]
mod saved;
mod step;
mod stopping;
mod trainer;
mod watch;

pub use self::callback::{BatchEnd, EpochEnd, Flow, IntoFlow};
#[cfg(feature = "safetensors")]
pub use self::checkpoint::Checkpoint;
pub use self::evaluate::Evaluation;
pub use self::history::{History, Params};
pub use self::progress::Progress;
pub use self::stopping::EarlyStopping;
pub use self::trainer::Trainer;
pub use crate::optim::schedule::Goal;
