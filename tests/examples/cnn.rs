//! `examples/cnn.rs`.

use tilewise::data::{Dataset, TensorDataset};
use tilewise::loss::CrossEntropy;
use tilewise::metrics::Accuracy;
use tilewise::prelude::*;

use crate::support::own;

use self::example::{images, misread, network};

#[path = "../../examples/cnn.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a program of its own, of which main is not called"
)]
mod example;

tests![splits_off_a_fifth, learns_digits, captions];

/// With as many of each digit: of 1,797 images 174 to 183.
fn splits_off_a_fifth(dev: &Device) -> Result<()> {
    let (train, test) = images(dev)?;
    assert_eq!(
        (train.len(), test.inputs().shape()),
        (1437, &[360, 1, 8, 8][..])
    );
    let counts = test.targets().bincount(None, 10)?.to_vec::<u32>()?;
    assert!(
        counts.iter().all(|count| (34..=38).contains(count)),
        "{counts:?}"
    );
    let (least, most) = (test.inputs().min(..)?, test.inputs().max(..)?);
    assert_eq!((least.item::<f32>()?, most.item::<f32>()?), (0.0, 1.0));
    Ok(())
}

/// Of a third of the images and four epochs, not twelve of all: far from chance, below what the example reaches.
fn learns_digits(dev: &Device) -> Result<()> {
    let dev = &own(dev)?; // whose random numbers nobody else draws
    dev.seed(0);
    let (train, test) = images(dev)?;
    let loss = CrossEntropy::new().smoothing(0.1);
    let mut trainer = Trainer::new(network(dev)?, optim::Adam::new(0.005), loss)
        .metric(Accuracy::new())
        .epochs(4);
    trainer.fit(&train.subset((0..480).collect())?)?;
    let accuracy = trainer.evaluate(&test)?.get("accuracy").unwrap_or(f64::NAN);
    assert!(accuracy >= 0.8, "{accuracy}");
    let guesses = trainer.predict_classes(test.inputs())?;
    let (wrong, captions) = misread(&guesses, &test)?;
    assert_eq!(wrong.shape(), [captions.len(), 8, 8]);
    assert_eq!((accuracy * 360.0).round() as usize, 360 - captions.len());
    Ok(())
}

fn captions(dev: &Device) -> Result<()> {
    let images = Tensor::arange(0.0, 24.0, 1.0, dev)?.reshape([3, 1, 2, 4])?;
    let data = TensorDataset::new(&images, &Tensor::new([3u32, 8, 9], dev)?)?;
    let (wrong, captions) = misread(&Tensor::new([5, 8, 4], dev)?, &data)?;
    assert_eq!(captions, ["3 as 5", "9 as 4"]);
    assert_eq!(wrong.slice(s![.., 0, 0])?.to_vec::<f32>()?, [0.0, 16.0]);
    Ok(())
}
