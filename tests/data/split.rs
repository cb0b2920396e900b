//! Parts of sets, beside scikit-learn's.

use tilewise::data::{Dataset, KFold, Split, train_test_split, train_test_split_stratified};
use tilewise::{Device, Result, Tensor};

use crate::support::golden::Golden;

tests![
    sizes,
    stratified,
    folds,
    stratified_folds,
    shuffled_folds,
    errors,
    sets
];

fn refused<T>(result: Result<T>, word: &str) {
    let Err(error) = result else {
        panic!("no error of {word:?}")
    };
    assert!(error.to_string().contains(word), "{error}");
    assert_eq!(error.location().file(), file!());
}

fn all_of(split: &Split) -> Vec<usize> {
    let mut all = [split.train.as_slice(), &split.test].concat();
    all.sort_unstable();
    all
}

fn sizes() -> Result<()> {
    for case in Golden::read("preparation.txt").cases() {
        let Some(want) = case.try_array("sizes") else {
            continue;
        };
        let [train, test] = want.values::<usize>()[..] else {
            panic!("two sizes")
        };
        let split = Split::new(train + test, case.value("share"), 3)?;
        assert_eq!(
            (split.train.len(), split.test.len()),
            (train, test),
            "{}",
            case.name
        );
        assert_eq!(all_of(&split), (0..train + test).collect::<Vec<_>>());
    }
    let split = |seed| Split::new(20, 0.25, seed);
    assert_eq!(split(1)?, split(1)?);
    assert_ne!(split(1)?, split(2)?);
    Ok(())
}

fn stratified(device: &Device) -> Result<()> {
    for case in Golden::read("preparation.txt").cases() {
        let Some(want) = case.try_array("train") else {
            continue;
        };
        let labels: Vec<usize> = case.array("labels").values();
        let tensor = case.array("labels").tensor(device)?;
        let split = Split::stratified(&tensor, case.value("share"), 5)?;
        let want: Vec<usize> = want.values();
        let mut train = vec![0; want.len()];
        for &row in &split.train {
            train[labels[row]] += 1;
        }
        assert_eq!(train, want, "{}", case.name);
        assert_eq!(all_of(&split), (0..labels.len()).collect::<Vec<_>>());
        let column = tensor.unsqueeze(1)?;
        assert_eq!(Split::stratified(&column, case.value("share"), 5)?, split);
    }
    Ok(())
}

/// For each example the fold that tests on it.
fn fold_of(folds: &[Split], n: usize) -> Vec<usize> {
    let mut fold_of = vec![usize::MAX; n];
    for (fold, split) in folds.iter().enumerate() {
        assert_eq!(all_of(split), (0..n).collect::<Vec<_>>());
        assert!(split.train.is_sorted() && split.test.is_sorted());
        for &row in &split.test {
            fold_of[row] = fold;
        }
    }
    fold_of
}

fn folds() -> Result<()> {
    for case in Golden::read("preparation.txt").cases() {
        if case.name.starts_with("folds") {
            let want: Vec<usize> = case.array("test").values();
            let folds = KFold::new(case.value("k"))?.split(want.len())?;
            assert_eq!(fold_of(&folds, want.len()), want, "{}", case.name);
        }
    }
    Ok(())
}

fn stratified_folds(device: &Device) -> Result<()> {
    for case in Golden::read("preparation.txt").cases() {
        if case.name.starts_with("stratified folds") {
            let want: Vec<usize> = case.array("test").values();
            let labels = case.array("labels").tensor(device)?;
            let folds = KFold::new(case.value("k"))?.split_stratified(&labels)?;
            assert_eq!(fold_of(&folds, want.len()), want, "{}", case.name);
            let halves = (labels / 2).to_dtype(tilewise::DType::F32);
            let folds = KFold::new(case.value("k"))?.split_stratified(&halves)?;
            assert_eq!(fold_of(&folds, want.len()), want, "{}", case.name);
        }
    }
    Ok(())
}

/// Of the same sizes, with other members.
fn shuffled_folds(device: &Device) -> Result<()> {
    let labels: Vec<u32> = (0..23).map(|i| u32::from(i % 3 == 0)).collect();
    let tensor = Tensor::new(labels.clone(), device)?;
    let count = |split: &Split, class| split.test.iter().filter(|&&i| labels[i] == class).count();
    for stratified in [false, true] {
        let folds = |k: KFold| match stratified {
            true => k.split_stratified(&tensor),
            false => k.split(23),
        };
        let plain = folds(KFold::new(4)?)?;
        let shuffled = folds(KFold::new(4)?.shuffle(1))?;
        assert_ne!(fold_of(&plain, 23), fold_of(&shuffled, 23));
        assert_eq!(shuffled, folds(KFold::new(4)?.shuffle(1))?);
        assert_ne!(shuffled, folds(KFold::new(4)?.shuffle(2))?);
        for (a, b) in plain.iter().zip(&shuffled) {
            assert_eq!(a.test.len(), b.test.len());
            assert!(!stratified || count(a, 1) == count(b, 1));
        }
    }
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    for share in [0.0, 1.0, -0.5, 1.5, f64::NAN] {
        refused(Split::new(10, share, 0), "between 0 and 1");
    }
    refused(Split::new(0, 0.5, 0), "leaves none to learn from");
    refused(Split::new(1, 0.5, 0), "leaves none to learn from");
    let labels = |values: &[f32]| Tensor::from_slice(values, [values.len()], device);
    let alone = labels(&[0., 0., 0., 7., 0., 0.])?;
    refused(Split::stratified(&alone, 0.5, 0), "class 7 has one member");
    let nan = labels(&[0., f32::NAN, 0.])?;
    refused(
        Split::stratified(&nan, 0.5, 0),
        "the label of example 1 is NaN",
    );
    let many = labels(&[0., 0., 1., 1., 2., 2.])?;
    refused(Split::stratified(&many, 0.1, 0), "3 classes do not fit");
    refused(Split::stratified(&labels(&[])?, 0.5, 0), "leaves none");
    refused(
        Split::stratified(&many.reshape([2, 3])?, 0.5, 0),
        "labels are a vector",
    );
    refused(KFold::new(1), "two folds at least");
    refused(
        KFold::new(3)?.split(2),
        "3 folds need as many examples, not 2",
    );
    refused(
        KFold::new(3)?.split_stratified(&many),
        "a class of as many members, not 2",
    );
    refused(KFold::new(2)?.split_stratified(&nan), "NaN");
    // Zeros of both signs are one class.
    let zeros = labels(&[0.0, -0.0, 1.0, 1.0])?;
    let split = Split::stratified(&zeros, 0.5, 0)?;
    assert_eq!(split.train.iter().filter(|&&row| row < 2).count(), 1);
    Ok(())
}

/// Inputs stay with their targets.
fn sets(device: &Device) -> Result<()> {
    let x = Tensor::arange(0, 30, 1, device)?;
    let y = x.remainder(3)?;
    for (train, test) in [
        train_test_split(&x.unsqueeze(1)?, &y, 0.2, 1)?,
        train_test_split_stratified(&x.unsqueeze(1)?, &y, 0.2, 1)?,
    ] {
        assert_eq!((train.len(), test.len()), (24, 6));
        for part in [train, test] {
            let of_inputs = part.inputs().squeeze(1)?.remainder(3)?;
            assert!(of_inputs.array_equal(part.targets(), false)?);
        }
    }
    let (_, test) = train_test_split_stratified(&x, &y, 0.2, 1)?;
    assert_eq!(
        test.targets().bincount(None, 3)?.to_vec::<u32>()?,
        [2, 2, 2]
    );
    refused(
        train_test_split(&x, &y.narrow(0, 0, 5)?, 0.2, 1),
        "as many targets",
    );
    Ok(())
}
