"""Infers the house model's first record, as binary tensors and as JSON: triton.py ADDRESS MODEL"""

import sys

import numpy
import tritonclient.http as http

address, model = sys.argv[1:]
client = http.InferenceServerClient(address)
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
metadata = client.get_model_metadata(model)
(tensor,) = metadata["inputs"]
rows = numpy.array([[0.24, 0.2879, 0.81, 0, 1, 0, 6, 1, 0, 0, 1]])
assert tensor["shape"][1] == rows.shape[1]
answers = []
for binary in (True, False):
    data = http.InferInput(tensor["name"], rows.shape, tensor["datatype"])
    data.set_data_from_numpy(rows, binary_data=binary)
    name = metadata["outputs"][0]["name"]
    wanted = http.InferRequestedOutput(name, binary_data=binary)
    answers.append(client.infer(model, [data], outputs=[wanted]).as_numpy(name)[0])
assert [entry["name"] for entry in client.get_model_repository_index()] == [model]
print(*answers)
