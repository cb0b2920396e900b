//! Sets made of sets, and how they come in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tilewise::data::{Dataset, Loader, TensorDataset};
use tilewise::{Device, Error, ErrorKind, Result, Tensor};

tests![
    sets_of_sets,
    rows_out_of_range,
    orders,
    weights,
    prefetched_batches_are_the_same,
    prefetch_is_bounded,
    errors_of_the_thread,
    panics_of_the_thread,
    dropping_ends_the_thread,
    edges,
];

/// `n` examples of two features, 2i and 2i + 1, and the target i.
fn counting(n: usize, device: &Device) -> Result<TensorDataset> {
    let x = Tensor::arange(0, 2 * n as i64, 1, device)?.reshape([n, 2])?;
    TensorDataset::new(&x, &Tensor::arange(0, n as i64, 1, device)?)
}

/// The targets of each batch.
fn targets<D: Dataset>(loader: &Loader<D>, epoch: u64) -> Result<Vec<Vec<i32>>> {
    loader.epoch(epoch).map(|batch| batch?.1.to_vec()).collect()
}

fn sets_of_sets(device: &Device) -> Result<()> {
    let all = counting(5, device)?;
    let some = all.clone().subset(vec![4, 1, 1])?;
    assert_eq!((some.len(), some.rows()), (3, &[4, 1, 1][..]));
    let (x, y) = some.batch(&[2, 0])?;
    assert_eq!(x.to_vec::<i32>()?, [2, 3, 8, 9]);
    assert_eq!(y.to_vec::<i32>()?, [1, 4]);
    let more = some.map(|x, y| Ok((x * 10, y + 100)));
    let both = all.concat(more)?;
    assert_eq!(both.len(), 8);
    for rows in [&[7, 0, 5, 3, 6][..], &[0, 1], &[6, 5], &[]] {
        let (x, y) = both.batch(rows)?;
        let want = [0, 1, 2, 3, 4, 104, 101, 101];
        let want: Vec<i32> = rows.iter().map(|&row| want[row]).collect();
        assert_eq!(y.to_vec::<i32>()?, want, "{rows:?}");
        assert_eq!(x.shape(), [rows.len(), 2]);
    }
    assert_eq!(both.batch(&[5, 0])?.0.to_vec::<i32>()?, [80, 90, 0, 1]);
    let none = counting(3, device)?.subset(vec![])?;
    assert!(none.is_empty());
    assert_eq!(none.batch(&[])?.0.shape(), [0, 2]);
    Ok(())
}

#[track_caller]
fn refused<T>(result: Result<T>, word: &str) -> Error {
    let Err(error) = result else {
        panic!("no error of {word:?}")
    };
    assert!(error.to_string().contains(word), "{error}");
    error
}

fn rows_out_of_range(device: &Device) -> Result<()> {
    let all = counting(3, device)?;
    let out = "there is no row 3 among 3";
    let error = refused(all.batch(&[0, 3]), out);
    assert_eq!(error.location().file(), file!());
    refused((&all).subset(vec![2, 3]), out);
    refused((&all).subset(vec![2, 0, 1])?.batch(&[3]), out);
    refused(
        (&all).concat(&all)?.batch(&[6]),
        "there is no row 6 among 6",
    );
    Ok(())
}

fn orders(device: &Device) -> Result<()> {
    let loader = Loader::new(counting(7, device)?, 3)?;
    assert_eq!(
        targets(&loader, 5)?,
        [vec![0, 1, 2], vec![3, 4, 5], vec![6]]
    );
    let loader = loader.drop_last();
    assert_eq!((loader.len(), targets(&loader, 0)?.len()), (2, 2));
    let shuffled = |seed| Ok::<_, Error>(Loader::new(counting(20, device)?, 6)?.shuffle(seed));
    let loader = shuffled(1)?;
    let first = targets(&loader, 0)?;
    assert_eq!(first, targets(&shuffled(1)?, 0)?, "the same seed");
    assert_ne!(first, targets(&loader, 1)?, "another epoch");
    assert_ne!(first, targets(&shuffled(2)?, 0)?, "another seed");
    let mut all = first.concat();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>());
    Ok(())
}

/// Examples come as often as their weights say, and those without weight never.
fn weights(device: &Device) -> Result<()> {
    let n = 4000;
    let weight: Vec<f64> = (0..n).map(|i| [0.0, 1.0, 3.0, 0.0][i % 4]).collect();
    let loader = Loader::new(counting(n, device)?, n)?.weighted(&weight, 3)?;
    let drawn = targets(&loader, 0)?.concat();
    let count = |kind| drawn.iter().filter(|&&i| i as usize % 4 == kind).count();
    assert_eq!((count(0), count(3), drawn.len()), (0, 0, n));
    // 1,000 are expected, with a deviation of 27.
    assert!((860..1140).contains(&count(1)), "{}", count(1));
    assert_eq!(drawn, targets(&loader, 0)?.concat());
    assert_ne!(drawn, targets(&loader, 1)?.concat());
    let bad = |weights: &[f64]| Loader::new(counting(2, device)?, 1)?.weighted(weights, 0);
    refused(bad(&[1.0]), "1 weights do not fit 2 examples");
    refused(bad(&[1.0, -1.0]), "the weight of example 1 is -1");
    refused(bad(&[f64::NAN, 1.0]), "the weight of example 0 is NaN");
    refused(bad(&[0.0, 0.0]), "above 0");
    refused(bad(&[f64::MAX, f64::MAX]), "above 0");
    Ok(())
}

fn prefetched_batches_are_the_same(device: &Device) -> Result<()> {
    let data = || Ok::<_, Error>(counting(50, device)?.map(|x, y| Ok((x.square(), y))));
    let here = Loader::new(data()?, 8)?.shuffle(4);
    for ahead in [0, 1, 2, 100] {
        let there = Loader::new(data()?, 8)?.shuffle(4).prefetch(ahead);
        for epoch in 0..2 {
            let mut batches = 0;
            for (a, b) in here.epoch(epoch).zip(there.epoch(epoch)) {
                let (a, b) = (a?, b?);
                assert!(a.0.array_equal(&b.0, false)? && a.1.array_equal(&b.1, false)?);
                batches += 1;
            }
            assert_eq!((batches, there.epoch(epoch).count()), (7, 7));
        }
    }
    Ok(())
}

/// Counts the batches that were asked for; fails or panics at one of them.
struct Watched {
    asked: Arc<AtomicUsize>,
    fails: Option<usize>,
    panics: Option<usize>,
    device: Device,
}

impl Watched {
    fn new(device: &Device) -> Self {
        Self {
            asked: Arc::default(),
            fails: None,
            panics: None,
            device: device.clone(),
        }
    }
}

impl Dataset for Watched {
    fn len(&self) -> usize {
        100
    }

    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        assert_ne!(Some(number), self.panics, "the disk is on fire");
        let x = Tensor::new(vec![rows[0] as i32], &self.device)?;
        match Some(number) == self.fails {
            true => Ok((x.reshape([2])?, x)),
            false => Ok((x.clone(), x)),
        }
    }
}

/// As many batches are made as were taken and are to be ready, and no more.
fn prefetch_is_bounded(device: &Device) -> Result<()> {
    let data = Watched::new(device);
    let asked = data.asked.clone();
    let loader = Loader::new(data, 1)?.prefetch(3);
    let mut batches = loader.epoch(0);
    for taken in 1..=3 {
        batches.next().expect("100 batches")?;
        let made = || asked.load(Ordering::SeqCst);
        while made() < taken + 3 {
            std::thread::yield_now();
        }
        // Time for one too many.
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(made(), taken + 3, "{taken} taken");
    }
    Ok(())
}

/// An error is one of its batch, and the others come; as without a thread, the line is the program's.
fn errors_of_the_thread(device: &Device) -> Result<()> {
    for ahead in [0, 2] {
        let data = Watched {
            fails: Some(1),
            ..Watched::new(device)
        };
        let loader = Loader::new(data, 20)?.prefetch(ahead);
        let got: Vec<_> = loader.epoch(0).collect();
        let fine: Vec<bool> = got.iter().map(Result::is_ok).collect();
        assert_eq!(fine, [true, false, true, true, true]);
        let error = got.into_iter().find_map(Result::err).expect("an error");
        assert!(matches!(error.kind(), ErrorKind::Shape { .. }), "{error}");
        assert_eq!(error.location().file(), file!());
    }
    // Met inside the crate: it is told at the line that asked for the epoch.
    let apart = TensorDataset::new(
        &Tensor::zeros([2, 2], device)?,
        &Tensor::zeros([2], device)?,
    )?
    .concat(TensorDataset::new(
        &Tensor::zeros([2, 3], device)?,
        &Tensor::zeros([2], device)?,
    )?)?;
    for ahead in [0, 1] {
        let loader = Loader::new(apart.clone(), 4)?.prefetch(ahead);
        let batch = loader.epoch(0).next().expect("a batch");
        let error = batch.expect_err("2 and 3 features");
        assert_eq!(error.location().file(), file!(), "{error}");
    }
    Ok(())
}

fn panics_of_the_thread(device: &Device) -> Result<()> {
    let data = Watched {
        panics: Some(2),
        ..Watched::new(device)
    };
    let loader = Loader::new(data, 10)?.prefetch(2);
    let got: Vec<_> = loader.epoch(0).collect();
    assert_eq!(got.len(), 3, "two batches and the error");
    let error = got
        .into_iter()
        .next_back()
        .expect("three")
        .expect_err("it panicked");
    assert!(error.to_string().contains("panicked: "), "{error}");
    assert!(error.to_string().contains("the disk is on fire"), "{error}");
    assert_eq!(error.location().file(), file!());
    // The next epoch has a thread of its own.
    assert_eq!(loader.epoch(1).filter(Result::is_ok).count(), 10);
    Ok(())
}

fn dropping_ends_the_thread(device: &Device) -> Result<()> {
    let data = Arc::new(Watched::new(device));
    for ahead in [1, 4] {
        let loader = Loader::new(data.clone(), 1)?.prefetch(ahead);
        let mut batches = loader.epoch(0);
        batches.next().expect("100 batches")?;
        drop(batches);
        let made = data.asked.load(Ordering::SeqCst);
        // Nobody but the loader and this function holds the set.
        drop(loader);
        assert_eq!(Arc::strong_count(&data), 1);
        assert!(made < 50, "{made} batches of 100 were made for one");
        assert_eq!(data.asked.load(Ordering::SeqCst), made);
    }
    Ok(())
}

fn edges(device: &Device) -> Result<()> {
    for ahead in [0, 2] {
        let none = Loader::new(counting(0, device)?, 3)?
            .shuffle(0)
            .prefetch(ahead);
        assert!(none.is_empty() && none.epoch(0).next().is_none());
        let one = Loader::new(counting(1, device)?, 100)?
            .shuffle(0)
            .prefetch(ahead);
        assert_eq!(targets(&one, 0)?, [[0]]);
        let short = Loader::new(counting(2, device)?, 3)?
            .drop_last()
            .prefetch(ahead);
        assert_eq!((short.len(), short.epoch(0).count()), (0, 0));
    }
    let none = Loader::new(counting(0, device)?, 3)?.weighted(&[], 0)?;
    assert!(none.epoch(0).next().is_none());
    refused(Loader::new(counting(1, device)?, 0), "at least one example");
    Ok(())
}
