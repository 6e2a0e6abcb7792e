//! Families of Prometheus metrics, each declared once.
//!
//! [`families!`](crate::families) declares a struct whose fields are metric families. It is the only
//! place that states the name, labels and type of a family, and the doc comment of a field is its
//! help text. The struct can register its families and list their declarations, from which the
//! reference documentation is generated.

use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

/// The declaration of a metric family.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    /// Name of the family.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// Help text, which may span lines.
    pub help: &'static str,
    /// Upper bounds of a histogram's buckets.
    pub buckets: &'static [f64],
}

impl Declaration {
    fn opts(&self) -> Opts {
        Opts::new(self.name, self.help_line())
    }

    fn histogram_opts(&self) -> HistogramOpts {
        HistogramOpts::new(self.name, self.help_line()).buckets(self.buckets.to_vec())
    }

    /// Name, type, labels and help text, as the reference documentation lists them.
    #[must_use]
    pub fn row(&self) -> [String; 4] {
        let labels: Vec<String> = self.labels.iter().map(|it| format!("`{it}`")).collect();
        let name = format!("`{}`", self.name);
        [
            name,
            self.kind.to_owned(),
            labels.join(", "),
            self.help_line(),
        ]
    }

    /// The help text as one line.
    #[must_use]
    pub fn help_line(&self) -> String {
        let words: Vec<&str> = self.help.split_whitespace().collect();
        words.join(" ")
    }
}

/// A metric type that can be created from a [`Declaration`].
pub trait Family: Collector + Clone + Sized + 'static {
    /// `counter`, `gauge` or `histogram`.
    const KIND: &'static str;

    /// Creates the family without any values.
    ///
    /// # Errors
    ///
    /// If the name or a label is not valid.
    fn make(declaration: &Declaration) -> Result<Self, prometheus::Error>;

    /// Creates the family and registers it.
    ///
    /// # Errors
    ///
    /// As for [`Self::make`], or if the registry already has a family of this name.
    fn register(declaration: &Declaration, registry: &Registry) -> Result<Self, prometheus::Error> {
        let family = Self::make(declaration)?;
        registry.register(Box::new(family.clone()))?;
        Ok(family)
    }
}

macro_rules! family {
    ($($type:ident $kind:literal $declaration:ident => $make:expr;)*) => {$(
        impl Family for $type {
            const KIND: &'static str = $kind;

            fn make($declaration: &Declaration) -> Result<Self, prometheus::Error> {
                $make
            }
        }
    )*};
}

family! {
    IntCounter "counter" it => Self::with_opts(it.opts());
    IntCounterVec "counter" it => Self::new(it.opts(), it.labels);
    Gauge "gauge" it => Self::with_opts(it.opts());
    GaugeVec "gauge" it => Self::new(it.opts(), it.labels);
    IntGauge "gauge" it => Self::with_opts(it.opts());
    IntGaugeVec "gauge" it => Self::new(it.opts(), it.labels);
    Histogram "histogram" it => Self::with_opts(it.histogram_opts());
    HistogramVec "histogram" it => Self::new(it.histogram_opts(), it.labels);
}

/// Declares a struct of metric families.
///
/// ```
/// use prometheus::{IntCounterVec, Registry};
///
/// canopy_telemetry::families! {
///     /// Metrics of a tap.
///     struct TapMetrics {
///         /// Litres drawn, by temperature.
///         litres: IntCounterVec = "tap_litres_total" ["temperature"],
///     }
/// }
///
/// let registry = Registry::new();
/// let metrics = TapMetrics::register(&registry)?;
/// metrics.litres.with_label_values(&["cold"]).inc();
/// assert_eq!(TapMetrics::DECLARATIONS[0].help_line(), "Litres drawn, by temperature.");
/// # Ok::<(), prometheus::Error>(())
/// ```
#[macro_export]
macro_rules! families {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $help:literal])+
                $field:ident: $type:ident = $family:literal
                    $([$($label:literal),+ $(,)?])? $(buckets $buckets:path)?,
            )+
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[doc = $help])+ $field: $type,)+
        }

        impl $name {
            /// All families, in the order of their declaration.
            $visibility const DECLARATIONS: &'static [$crate::metrics::Declaration] = &[$(
                $crate::metrics::Declaration {
                    name: $family,
                    kind: <$type as $crate::metrics::Family>::KIND,
                    labels: &[$($($label),+)?],
                    help: concat!($($help, "\n"),+),
                    buckets: $crate::families!(@buckets $($buckets)?),
                },
            )+];

            /// Creates all families and registers them.
            $visibility fn register(
                registry: &::prometheus::Registry,
            ) -> Result<Self, ::prometheus::Error> {
                let mut declarations = Self::DECLARATIONS.iter();
                $(
                    let $field = <$type as $crate::metrics::Family>::register(
                        declarations.next().unwrap_or_else(|| unreachable!()),
                        registry,
                    )?;
                )+
                Ok(Self { $($field),+ })
            }
        }
    };
    (@buckets) => { &[] };
    (@buckets $buckets:path) => { &$buckets };
}
