//! Schedules of learning rates against PyTorch.

use tilewise::optim::schedule::{
    Cosine, CosineRestarts, Exponential, Goal, InverseTime, Linear, MultiStep, OneCycle, Plateau,
    Polynomial, Schedule, Step,
};

use crate::support::golden::Golden;

tests![
    as_pytorch,
    plateaus_as_pytorch,
    plateau_goes_on_from_its_state,
    edges
];

const BASE: f64 = 0.5;

#[track_caller]
fn near(name: &str, step: usize, got: f64, want: f64) {
    // PyTorch multiplies from step to step.
    assert!(
        (got - want).abs() <= 1e-14,
        "{name}, step {step}: {got}, not {want}"
    );
}

fn as_pytorch() {
    let golden = Golden::read("schedules.txt");
    let schedules: [(&str, Box<dyn Schedule>); 12] = [
        ("step", Box::new(Step::new(7, 0.5))),
        (
            "multi_step",
            Box::new(MultiStep::new([3, 11, 12, 30], 0.25)),
        ),
        ("exponential", Box::new(Exponential::new(0.9))),
        ("cosine", Box::new(Cosine::new(39).least(0.01))),
        (
            "restarts",
            Box::new(CosineRestarts::new(5).longer(2).least(0.01)),
        ),
        ("restarts_even", Box::new(CosineRestarts::new(9))),
        ("linear", Box::new(Linear::new(0.25, 0.75, 12))),
        ("inverse_time", Box::new(InverseTime::new(0.125))),
        ("polynomial", Box::new(Polynomial::new(25, 1.5))),
        ("one_cycle", Box::new(OneCycle::new(40))),
        (
            "one_cycle_linear",
            Box::new(
                OneCycle::new(40)
                    .rising(0.25)
                    .quotients(10.0, 100.0)
                    .linear(),
            ),
        ),
        (
            "sequence",
            Box::new(Linear::new(0.25, 1.0, 6).then(6, Cosine::new(34))),
        ),
    ];
    for (name, schedule) in &schedules {
        let rates: Vec<f64> = golden.case(name).array("rates").values();
        for (step, want) in rates.into_iter().enumerate() {
            near(name, step, schedule.rate(BASE, step), want);
        }
    }
    // And the plateaus.
    assert_eq!(golden.cases().len(), schedules.len() + 2);
}

fn plateaus() -> [(&'static str, Plateau); 2] {
    let small = Plateau::new()
        .factor(0.5)
        .patience(2)
        .cooldown(1)
        .least(0.03);
    let large = Plateau::new().goal(Goal::Large).factor(0.25).patience(3);
    [
        ("plateau", small),
        ("plateau_large", large.absolute_threshold(0.02)),
    ]
}

fn plateaus_as_pytorch() {
    let golden = Golden::read("schedules.txt");
    for (name, mut plateau) in plateaus() {
        let case = golden.case(name);
        let (rates, metrics): (Vec<f64>, Vec<f64>) =
            (case.array("rates").values(), case.array("metrics").values());
        let mut reductions = 0;
        for (step, (want, metric)) in rates.into_iter().zip(metrics).enumerate() {
            near(name, step, plateau.rate(BASE, step), want);
            reductions += plateau.observe(metric) as usize;
        }
        assert_eq!(plateau.state().reductions, reductions);
        assert!(reductions > 3, "{name}");
    }
}

fn plateau_goes_on_from_its_state() {
    let observe = |plateau: &mut Plateau, steps: std::ops::Range<usize>| -> Vec<bool> {
        let metrics = steps.map(|step| 1.0 / (1 + step / 5) as f64);
        metrics.map(|metric| plateau.observe(metric)).collect()
    };
    for ((name, mut whole), (_, mut taken_up)) in plateaus().into_iter().zip(plateaus()) {
        observe(&mut whole, 0..11);
        taken_up.load_state(whole.state());
        let (want, got) = (observe(&mut whole, 11..30), observe(&mut taken_up, 11..30));
        assert_eq!(got, want, "{name}");
        assert_eq!(taken_up.state(), whole.state());
    }
}

fn edges() {
    // Nothing is divided by a length of 0.
    let none: [Box<dyn Schedule>; 7] = [
        Box::new(Step::new(0, 0.5)),
        Box::new(Cosine::new(0)),
        Box::new(CosineRestarts::new(0)),
        Box::new(Linear::new(0.5, 1.0, 0)),
        Box::new(Linear::warm_up(0)),
        Box::new(Polynomial::new(0, 2.0)),
        Box::new(OneCycle::new(0)),
    ];
    for schedule in &none {
        for step in [0, 1, 2, 1 << 40] {
            let rate = schedule.rate(1.0, step);
            assert!((0.0..=1.0).contains(&rate), "{rate} at {step}");
        }
    }
    // Long after the end.
    for schedule in [
        OneCycle::new(40),
        OneCycle::new(40).rising(0.0),
        OneCycle::new(40).rising(1.0),
    ] {
        assert!((0..100).all(|n| (0.0..=1.0 + 1e-12).contains(&schedule.rate(1.0, n))));
    }
    let own = |base: f64, step: usize| base / (step + 1) as f64;
    assert_eq!(own.then(2, Exponential::new(0.5)).rate(1.0, 3), 0.5);
    // NaN is never better, not even at first.
    let mut plateau = Plateau::new().patience(1);
    assert!(!plateau.observe(f64::NAN) && plateau.observe(f64::NAN));
    assert_eq!(plateau.state().best, None);
    assert!(!plateau.observe(2.0));
    assert_eq!(plateau.state().best, Some(2.0));
    // A base rate below the least is not raised.
    assert_eq!(Plateau::new().least(0.1).rate(0.01, 0), 0.01);
}
