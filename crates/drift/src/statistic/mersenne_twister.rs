/// Length of the generator's state.
const LENGTH: usize = 624;

/// The 32-bit Mersenne Twister, MT19937, seeded and used as numpy's legacy
/// `random.seed` and `random.shuffle` do.
///
/// Source: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM Trans. Model.
/// Comput. Simul. 8 (1998); seeding as in their 2002 revision.
pub(super) struct MersenneTwister {
    state: [u32; LENGTH],
    next: usize,
}

impl MersenneTwister {
    pub(super) fn new(seed: u32) -> Self {
        let mut state = [seed; LENGTH];
        for i in 1..LENGTH {
            let last = state[i - 1];
            state[i] = (last ^ (last >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        Self {
            state,
            next: LENGTH,
        }
    }

    /// Puts `items` in random order: each, from the last to the second, is swapped
    /// with a random one up to its own position.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let mask = u32::MAX >> (last as u32).leading_zeros();
            let chosen = loop {
                let drawn = (self.draw() & mask) as usize;
                if drawn <= last {
                    break drawn;
                }
            };
            items.swap(chosen, last);
        }
    }

    /// A random number from 0 to 1, as numpy's `random_sample`.
    pub(super) fn uniform(&mut self) -> f64 {
        let (high, low) = (self.draw() >> 5, self.draw() >> 6);
        (f64::from(high) * f64::from(1 << 26) + f64::from(low)) / (1_u64 << 53) as f64
    }

    fn draw(&mut self) -> u32 {
        if self.next == LENGTH {
            self.twist();
        }
        let mut bits = self.state[self.next];
        self.next += 1;
        bits ^= bits >> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        bits ^ (bits >> 18)
    }

    fn twist(&mut self) {
        for i in 0..LENGTH {
            let joined =
                (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % LENGTH] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + 397) % LENGTH] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of the authors' program for this seed.
    #[test]
    fn draws_the_published_sequence() {
        let mut random = MersenneTwister::new(5489);
        assert_eq!([random.draw(), random.draw()], [3_499_211_612, 581_869_302]);
    }
}
