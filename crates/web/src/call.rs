//! The argument of a handler.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::request;
use serde::de::DeserializeOwned;

use super::body::RequestBody;
use super::parameters::Parameters;
use super::permit::Permit;
use super::problem::Problem;
use super::service::Service;

/// An admitted request.
pub struct Call<'a, S: 'static> {
    /// The program's state.
    pub service: &'a Arc<S>,
    /// The head of the request.
    pub head: &'a request::Parts,
    /// The client's address.
    pub peer: IpAddr,
    /// The permit that the route's class requires; released when the handler returns.
    pub permit: Permit<'a>,
    /// The path parameters.
    pub parameters: &'a Parameters,
    pub(super) body: &'a mut RequestBody,
}

impl<S: Service> Call<'_, S> {
    /// The request headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The query, deserialized; `T` decides whether unknown fields are errors.
    ///
    /// # Errors
    ///
    /// 422 if it is not valid.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let query = self.head.uri.query().unwrap_or_default();
        serde_urlencoded::from_str(query)
            .map_err(|error| Problem::unprocessable(format!("the query cannot be used: {error}")))
    }

    /// The length of the body, if the client declared it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.length()
    }

    /// Reads the whole body, of at most `limit` bytes, within the body timeout.
    ///
    /// # Errors
    ///
    /// 400, 408 or 413 if the body is incomplete, late or too large.
    pub async fn read(&mut self, limit: u64) -> Result<Bytes, Problem> {
        let max_time = self.service.parts().config.body_timeout.into();
        self.body.read(limit, max_time).await
    }
}
