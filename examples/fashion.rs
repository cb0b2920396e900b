//! A convolutional network on IDX files: those of Fashion-MNIST, of MNIST, or of any other set that has its four files.
//!
//!     cargo run --release --example fashion [FOLDER]
//!
//! Without a folder it says where the files are to be had, and runs on ten kinds of shapes, which it draws, writes as
//! IDX files into `target/fashion` and reads back. Pictures are left there too. `TILEWISE_DEVICE` chooses the device.

use std::error::Error;
use std::path::{Path, PathBuf};

use tilewise::data::{Dataset, TensorDataset, idx};
use tilewise::loss::CrossEntropy;
use tilewise::metrics::{Accuracy, Recall};
use tilewise::optim::schedule::Cosine;
use tilewise::plot::{Curves, ImageGrid, Picture};
use tilewise::prelude::*;
use tilewise::train::Progress;

const WHERE: &str = "\
no folder is given: drawn shapes take the place of clothes. Fashion-MNIST is four files,
  train-images-idx3-ubyte.gz  60,000 images  26 MB      train-labels-idx1-ubyte.gz  29 KB
  t10k-images-idx3-ubyte.gz   10,000 images  4.3 MB     t10k-labels-idx1-ubyte.gz   5.1 KB
each at http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/ and its name, or all of them in the folder
data/fashion of https://github.com/zalandoresearch/fashion-mnist. MNIST has files of the same names, at
https://yann.lecun.com/exdb/mnist/. They may stay compressed:
  cargo run --release --example fashion FOLDER
";

/// The kinds of shapes, by their number.
const SHAPES: [&str; 10] = [
    "disc", "ring", "square", "frame", "triangle", "diamond", "plus", "cross", "bars", "stakes",
];
/// What Fashion-MNIST's labels mean: for a folder with `fashion` in its name.
const CLOTHES: [&str; 10] = [
    "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot",
];
const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const EPOCHS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let dev = Device::default();
    println!("device: {dev}");
    let pictures = Path::new("target/fashion");
    std::fs::create_dir_all(pictures)?;
    let (folder, names) = match std::env::args_os().nth(1) {
        Some(folder) => {
            let fashion = folder.to_string_lossy().contains("fashion");
            (
                PathBuf::from(folder),
                if fashion { CLOTHES } else { DIGITS },
            )
        }
        None => {
            println!("\n{WHERE}");
            write_shapes(pictures, 200, 40, &dev)?;
            (pictures.to_path_buf(), SHAPES)
        }
    };

    let (train, test) = idx::mnist(&folder, &dev)?;
    println!(
        "{} images to learn from, {} held out\n",
        train.len(),
        test.len()
    );
    let mut trainer = trainer(EPOCHS, &dev)?
        .validation(&test)
        .progress(Progress::to(std::io::stdout()));
    let history = trainer.fit(&train)?;

    let logits = trainer.predict(test.inputs())?;
    let found: Vec<f32> = Recall::new().per_class(&logits, test.targets())?.to_vec()?;
    println!("\nfound of each kind:");
    for (name, found) in names.iter().zip(found) {
        println!("  {name:12} {found:.3}");
    }

    let figures = |name: &str| history.values(name).unwrap_or_default();
    Curves::new()
        .curve("loss", figures("loss"))
        .curve("val_loss", figures("val_loss"))
        .metric("accuracy", figures("accuracy"))
        .metric("val_accuracy", figures("val_accuracy"))
        .save(pictures.join("curves.png"))?;
    guesses(&logits, &test, &names)?.save(pictures.join("guesses.png"))?;
    println!("\nwritten: target/fashion/curves.png, target/fashion/guesses.png");
    Ok(())
}

/// Forty of the images held out, with what each is taken for and, where that is wrong, what it is.
fn guesses(logits: &Tensor, data: &TensorDataset, names: &[&str; 10]) -> Result<ImageGrid> {
    let every = (data.len() / 40).max(1) as isize;
    let images = data.inputs().squeeze(1)?.slice(s![..;every])?;
    let guesses: Vec<u32> = logits.argmax(-1)?.slice(s![..;every])?.to_vec()?;
    let labels: Vec<u32> = data.targets().slice(s![..;every])?.to_vec()?;
    let caption = |(guess, label): (u32, &u32)| match guess == *label {
        true => names[guess as usize].to_owned(),
        false => format!("{} ({})", names[guess as usize], names[*label as usize]),
    };
    let captions: Vec<String> = guesses.into_iter().zip(&labels).map(caption).collect();
    Ok(ImageGrid::new(&images)
        .captions(captions)
        .columns(8)
        .scale(5))
}

/// Two convolutions that each take half of the rows and columns, and a layer that chooses: for images of 28×28.
pub fn network(dev: &Device) -> Result<nn::Sequential> {
    let mut model = nn::Sequential::new();
    for (from, to) in [(1, 16), (16, 32)] {
        let convolution = nn::Conv2d::new(from, to, 3, dev)?.stride(2).padding(1);
        model = model
            .then(convolution.without_bias())
            .then(nn::BatchNorm2d::new(to, dev)?)
            .then(nn::Relu);
    }
    Ok(model
        .then(nn::Flatten)
        .then(nn::Dropout::new(0.3)?)
        .then_named("head", nn::Linear::new(32 * 7 * 7, 10, dev)?))
}

/// What trains the network, for so many epochs.
pub fn trainer<'a>(epochs: usize, dev: &Device) -> Result<Trainer<'a, nn::Sequential>> {
    dev.seed(0);
    let adam = optim::Adam::new(3e-3);
    Ok(Trainer::new(network(dev)?, adam, CrossEntropy::new())
        .metric(Accuracy::new())
        .schedule_by_epoch(Cosine::new(epochs))
        .epochs(epochs)
        .batch_size(32))
}

/// Writes the four files of a set, with so many shapes of each kind to learn from and to test on.
pub fn write_shapes(
    folder: &Path,
    train: usize,
    test: usize,
    dev: &Device,
) -> Result<(), Box<dyn Error>> {
    let mut generator = Generator::new(0);
    for (part, each) in [("train", train), ("t10k", test)] {
        let kinds = 0..SHAPES.len();
        let images: Vec<Tensor> = kinds
            .map(|kind| draw(kind, each, &mut generator, dev))
            .collect::<Result<_>>()?;
        let images = Tensor::concat(&images.iter().collect::<Vec<_>>(), 0)?;
        let labels = Tensor::arange(0, 10, 1, dev)?.repeat_interleave(each, 0)?;
        write_idx(&folder.join(format!("{part}-images-idx3-ubyte")), &images)?;
        write_idx(&folder.join(format!("{part}-labels-idx1-ubyte")), &labels)?;
    }
    Ok(())
}

/// An IDX file of bytes: two zeros, the type, the rank, the sizes, and the elements row by row.
fn write_idx(path: &Path, values: &Tensor) -> Result<(), Box<dyn Error>> {
    let mut bytes = vec![0, 0, 8, values.ndim() as u8];
    for &size in values.shape() {
        bytes.extend((size as u32).to_be_bytes());
    }
    let values: Vec<u32> = values.to_dtype(DType::U32).to_vec()?;
    bytes.extend(values.into_iter().map(|value| value as u8));
    Ok(std::fs::write(path, bytes)?)
}

/// So many shapes of a kind, `(n, 28, 28)` from 0 to 255, each of another size, place, angle and brightness, and with
/// noise.
fn draw(kind: usize, n: usize, generator: &mut Generator, dev: &Device) -> Result<Tensor> {
    let mut drawn = |low, high| generator.uniform_in(low, high, [n, 1, 1], dev);
    let (radius, light) = (drawn(6.0, 10.0)?, drawn(0.4, 1.0)?);
    let (x, y, angle) = (drawn(10.5, 16.5)?, drawn(10.5, 16.5)?, drawn(-0.3, 0.3)?);
    let pixels = Tensor::arange(0.0, 28.0, 1.0, dev)?;
    let (x, y) = (
        pixels.reshape([1, 1, 28])? - x,
        pixels.reshape([1, 28, 1])? - y,
    );
    // Where each pixel is as the shape sees it: turned, and in units of its radius.
    let u = (&x * angle.cos() + &y * angle.sin()) / &radius;
    let v = (&y * angle.cos() - &x * angle.sin()) / &radius;
    // Half a pixel within the edge is full, half a pixel beyond it nothing.
    let inside = (0.5 - distance(kind, &u, &v)? * &radius).clamp(0.0, 1.0)?;
    let noise = generator.normal([n, 28, 28], dev)? * 0.15;
    Ok(((inside * light + noise).clamp(0.0, 1.0)? * 255.0).round())
}

/// How far points are outside a shape, or, below 0, within it.
fn distance(kind: usize, u: &Tensor, v: &Tensor) -> Result<Tensor> {
    let round = |u: &Tensor, v: &Tensor| (u.square() + v.square()).sqrt() - 1.0;
    let square = |u: &Tensor, v: &Tensor| u.abs().maximum(v.abs()).map(|d| d - 0.85);
    // What is left of a shape that is hollowed out.
    let hollow = |d: Tensor| (d + 0.2).abs() - 0.2;
    let plus = |u: &Tensor, v: &Tensor| {
        let bar = |u: &Tensor, v: &Tensor| (u.abs() - 1.0).maximum(v.abs() - 0.25);
        bar(u, v)?.minimum(bar(v, u)?)
    };
    let bars = |u: &Tensor, v: &Tensor| ((v.abs() - 0.55).abs() - 0.25).maximum(u.abs() - 0.9);
    let half = std::f64::consts::FRAC_1_SQRT_2;
    Ok(match SHAPES[kind] {
        "disc" => round(u, v),
        "ring" => hollow(round(u, v)),
        "square" => square(u, v)?,
        "frame" => hollow(square(u, v)?),
        "triangle" => (u.abs() * 0.866 - v * 0.5).maximum(v)? - 0.6,
        "diamond" => (u.abs() + v.abs() - 1.0) * half,
        "plus" => plus(u, v)?,
        "cross" => plus(&((u + v) * half), &((u - v) * half))?,
        "bars" => bars(u, v)?,
        _ => bars(v, u)?,
    })
}
