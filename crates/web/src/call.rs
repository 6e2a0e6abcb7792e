//! What a handler is given.

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

/// A request that has been let in, on its way through its handler.
pub struct Call<'a, S: 'static> {
    /// The program's state.
    pub service: &'a Arc<S>,
    /// The head of the request.
    pub head: &'a request::Parts,
    /// The client's address.
    pub peer: IpAddr,
    /// The permit that the route's class asked for; given back when the handler is done.
    pub permit: Permit<'a>,
    /// The parameters of the path.
    pub parameters: &'a Parameters,
    pub(super) body: &'a mut RequestBody,
}

impl<S: Service> Call<'_, S> {
    /// The headers of the request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The query, of which no field may be unknown to `T` that `T` does not ignore.
    ///
    /// # Errors
    ///
    /// 422 if it cannot be read.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let query = self.head.uri.query().unwrap_or_default();
        serde_urlencoded::from_str(query)
            .map_err(|error| Problem::unprocessable(format!("the query cannot be used: {error}")))
    }

    /// The length of the body, where the client has said it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.length()
    }

    /// Reads the whole body, of at most `limit` bytes, within the time that the server gives.
    ///
    /// # Errors
    ///
    /// 400, 408 or 413 if it does not arrive, not in time or is larger.
    pub async fn read(&mut self, limit: u64) -> Result<Bytes, Problem> {
        let patience = self.service.parts().config.body_timeout.into();
        self.body.read(limit, patience).await
    }
}
