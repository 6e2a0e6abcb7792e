use statrs::function::factorial::ln_factorial;

/// A random number of marked items among `drawn` that are drawn without replacement from `total`, of
/// which `marked` are marked. `uniform` is a random number from 0 to 1.
///
/// Inversion that begins at the most likely number, so that it takes a number of steps of the order of
/// the standard deviation.
///
/// Source: V. Kachitvichyanukul and B. Schmeiser, "Computer generation of hypergeometric random
/// variates", J. Stat. Comput. Simul. 22 (1985), algorithm HIN from the mode.
pub(super) fn sample(total: usize, marked: usize, drawn: usize, uniform: f64) -> usize {
    let least = (marked + drawn).saturating_sub(total);
    let most = marked.min(drawn);
    let mode = ((marked + 1) as u128 * (drawn + 1) as u128 / (total + 2) as u128) as usize;
    let mode = mode.clamp(least, most);
    let ln_choose = |n: usize, k: usize| {
        ln_factorial(n as u64) - ln_factorial(k as u64) - ln_factorial((n - k) as u64)
    };
    let at_mode =
        ln_choose(marked, mode) + ln_choose(total - marked, drawn - mode) - ln_choose(total, drawn);
    let at_mode = at_mode.exp();

    let (mut up, mut down) = (mode, mode);
    let (mut likely_up, mut likely_down) = (at_mode, at_mode);
    let mut rest = uniform - at_mode;
    while rest >= 0.0 && (up < most || down > least) {
        if up < most {
            let taken = (marked - up) as f64 * (drawn - up) as f64;
            up += 1;
            // Not negative: the sum comes first.
            let left = up as f64 * (total + up - marked - drawn) as f64;
            likely_up *= taken / left;
            rest -= likely_up;
            if rest < 0.0 {
                return up;
            }
        }
        if down > least {
            let left = down as f64 * (total + down - marked - drawn) as f64;
            down -= 1;
            let taken = (marked - down) as f64 * (drawn - down) as f64;
            likely_down *= left / taken;
            rest -= likely_down;
            if rest < 0.0 {
                return down;
            }
        }
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certain_number_is_drawn() {
        for (total, marked, drawn, expected) in
            [(10, 0, 5, 0), (10, 10, 5, 5), (10, 3, 10, 3), (10, 3, 0, 0)]
        {
            for uniform in [0.0, 0.5, 1.0 - f64::EPSILON] {
                assert_eq!(sample(total, marked, drawn, uniform), expected);
            }
        }
    }

    /// Mean and variance as in any textbook: n·K/N and n·K/N·(1−K/N)·(N−n)/(N−1).
    #[test]
    fn mean_and_variance_are_those_of_the_distribution() {
        let steps = 20_000;
        for (total, marked, drawn) in [
            (50, 10, 20),
            (1000, 900, 300),
            (2_000_000, 700_000, 900_000),
        ] {
            let numbers = (0..steps).map(|step| {
                let uniform = (f64::from(step) + 0.5) / f64::from(steps);
                sample(total, marked, drawn, uniform) as f64
            });
            let numbers: Vec<f64> = numbers.collect();
            let mean = numbers.iter().sum::<f64>() / f64::from(steps);
            let squares = numbers.iter().map(|number| (number - mean).powi(2));
            let variance = squares.sum::<f64>() / f64::from(steps);
            let (n, k) = (total as f64, marked as f64 / total as f64);
            let drawn = drawn as f64;
            let expected = drawn * k * (1.0 - k) * (n - drawn) / (n - 1.0);
            assert!((mean - drawn * k).abs() < 0.02 * expected.sqrt(), "{mean}");
            assert!(
                (variance / expected - 1.0).abs() < 0.02,
                "{variance} {expected}"
            );
        }
    }
}
