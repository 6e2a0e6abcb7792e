use canopy_dataset::ProgressBar;
use indicatif::ProgressStyle;

/// A progress bar on standard error for `total` steps, laid out by an indicatif template.
pub(crate) fn bar(total: usize, template: &str) -> ProgressBar {
    let progress = ProgressBar::new(total as u64);
    match ProgressStyle::with_template(template) {
        Ok(style) => progress.with_style(style),
        Err(_) => progress,
    }
}
