//! Which requests are traced.

use anyhow::bail;

use super::span::Parent;

/// Decides which requests are traced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampler {
    /// Whether the client's span decides, if there is one.
    follows_parent: bool,
    /// Share of the other requests.
    ratio: f64,
}

impl Sampler {
    /// The sampler that the command line determines by a ratio, or the variables
    /// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` by their values; by default every request
    /// is traced whose client does not decide otherwise.
    ///
    /// # Errors
    ///
    /// If the name or the argument is not valid.
    pub(super) fn resolve(
        ratio: Option<f64>,
        name: Option<&str>,
        argument: Option<&str>,
    ) -> anyhow::Result<Self> {
        if let Some(ratio) = ratio {
            return Ok(Self {
                follows_parent: true,
                ratio,
            });
        }
        // An argument without a name counts too: it has been taken that way.
        let name = name.unwrap_or(match argument {
            None => "parentbased_always_on",
            Some(_) => "parentbased_traceidratio",
        });
        let (follows_parent, base) = match name.strip_prefix("parentbased_") {
            Some(base) => (true, base),
            None => (false, name),
        };
        let ratio = match base {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => match argument.unwrap_or("1").parse() {
                Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
                _ => bail!("OTEL_TRACES_SAMPLER_ARG is invalid: expected a number from 0 to 1"),
            },
            _ => bail!(
                "OTEL_TRACES_SAMPLER is {name:?}, which is not supported: expected always_on, \
                 always_off or traceidratio, or one of these after parentbased_"
            ),
        };
        Ok(Self {
            follows_parent,
            ratio,
        })
    }

    /// Whether a request is traced whose client's span is `parent`.
    pub(super) fn samples(self, parent: Option<&Parent>) -> bool {
        match parent {
            Some(parent) if self.follows_parent => parent.is_sampled,
            _ => fastrand::f64() < self.ratio,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(follows_parent: bool, ratio: f64) -> Sampler {
        Sampler {
            follows_parent,
            ratio,
        }
    }

    #[test]
    fn every_sampler_of_the_specification_is_known() {
        for (ratio, name, argument, expected) in [
            (None, None, None, sampler(true, 1.0)),
            (None, None, Some("0.5"), sampler(true, 0.5)),
            (None, Some("always_on"), None, sampler(false, 1.0)),
            (None, Some("always_off"), Some("what"), sampler(false, 0.0)),
            (
                None,
                Some("traceidratio"),
                Some("0.25"),
                sampler(false, 0.25),
            ),
            (
                None,
                Some("parentbased_always_on"),
                None,
                sampler(true, 1.0),
            ),
            (
                None,
                Some("parentbased_always_off"),
                None,
                sampler(true, 0.0),
            ),
            (
                None,
                Some("parentbased_traceidratio"),
                None,
                sampler(true, 1.0),
            ),
            (Some(0.1), Some("always_on"), None, sampler(true, 0.1)),
        ] {
            let resolved = Sampler::resolve(ratio, name, argument);
            assert_eq!(resolved.unwrap(), expected, "{name:?}");
        }
        assert!(Sampler::resolve(None, Some("jaeger_remote"), None).is_err());
        assert!(Sampler::resolve(None, Some("traceidratio"), Some("2")).is_err());
    }
}
