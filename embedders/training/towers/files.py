"""The files of towers: an ONNX graph, whose matrices are 8-bit integers with a scale for each row.

The tensors of the torch module are in it under their own names. What computes with them multiplies
by the scales first; onnxruntime does that once, when it opens the file. Of the table of word pieces
only the rows that are looked up are multiplied, as it is half of the text tower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor

from sensorium.mini.manifest import DIRECTORY, read_listed
from training.towers.quantised import SCALE, unpack

ROWS = "sensorium.rows."  # begins the names that are added to a graph


def read_tensors(name: str, *, directory: Path = DIRECTORY) -> dict[str, Tensor]:
    """Read the weights of a tower in the package, dequantised.

    Args:
        name: Name of the tower in the manifest.
        directory: Directory with the manifest and the towers.
    Raises:
        CheckpointNotFoundError: The file, or the manifest, is missing.
        CheckpointFormatError: The file is not the one that the manifest lists.
    """
    return unpack(read_packed(read_listed(name, directory)))


def read_packed(content: bytes) -> dict[str, Tensor]:
    """Return the tensors of a file as `pack` made them."""
    model = onnx.load_from_string(content)
    names = {entry.key: entry.value for entry in model.metadata_props}
    return {
        each.name: torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in model.graph.initializer
        if each.name in names
    }


def with_packed(model: onnx.ModelProto, packed: Mapping[str, Tensor]) -> bytes:
    """Put quantised tensors in the place of a graph's own, and return the file.

    Args:
        model: An exported graph, with initializers of the names of the tensors.
        packed: What `pack` returns.
    Raises:
        ValueError: The graph lacks one of the tensors.
    """
    graph = model.graph
    _strip(model)
    own = {each.name: each for each in graph.initializer}
    if missing := sorted(name for name in packed if not name.endswith(SCALE) and name not in own):
        raise ValueError(f"the graph lacks {missing}")
    added: list[NodeProto] = []
    for name, value in packed.items():
        if name in own:
            graph.initializer.remove(own[name])
        graph.initializer.append(numpy_helper.from_array(value.contiguous().numpy(), name))
        if name + SCALE in packed:
            added += _dequantised(graph, name, value.ndim)
    nodes = [*added, *graph.node]
    del graph.node[:]
    graph.node.extend(_in_order(nodes, {each.name for each in (*graph.initializer, *graph.input)}))
    for name in packed:
        entry = model.metadata_props.add()
        entry.key, entry.value = name, "weights"
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes of the machine: places in the source, and types."""
    del model.metadata_props[:]
    del model.functions[:]  # each is in the graph by itself
    graph = model.graph
    graph.doc_string = model.doc_string = ""
    del graph.metadata_props[:]
    del graph.value_info[:]  # of what is quantised next
    for each in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        each.doc_string = ""
        del each.metadata_props[:]


def _dequantised(graph: onnx.GraphProto, name: str, dimensions: int) -> list[NodeProto]:
    """Return the nodes that multiply a tensor by its scales, and make its readers read them."""
    whole, scale, product = (f"{ROWS}{name}.{part}" for part in ("whole", "scale", "product"))
    axes = f"{ROWS}{name}.axes"
    spread = np.arange(1, dimensions, dtype=np.int64)
    graph.initializer.append(numpy_helper.from_array(spread, axes))
    nodes = [helper.make_node("Unsqueeze", [name + SCALE, axes], [scale])]
    readers = [node for node in graph.node if name in node.input]
    if all(node.op_type == "Gather" for node in readers):
        for node in readers:
            nodes += _looked_up(node, name, scale)
        return nodes
    for node in readers:
        node.input[:] = [product if each == name else each for each in node.input]
    nodes.append(helper.make_node("Cast", [name], [whole], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Mul", [whole, scale], [product]))
    return nodes


def _looked_up(node: NodeProto, name: str, scale: str) -> list[NodeProto]:
    """Return the nodes that multiply rows by their scales after they were looked up."""
    result, index = node.output[0], node.input[1]
    rows, whole, scales = (f"{ROWS}{result}.{part}" for part in ("rows", "whole", "scales"))
    node.output[0] = rows
    return [
        helper.make_node("Cast", [rows], [whole], to=TensorProto.FLOAT),
        helper.make_node("Gather", [scale, index], [scales]),
        helper.make_node("Mul", [whole, scales], [result]),
    ]


def _in_order(nodes: list[NodeProto], known: set[str]) -> Iterator[NodeProto]:
    """Yield nodes so that each comes after those whose results it reads."""
    waiting = nodes
    while waiting:
        later = []
        for node in waiting:
            if all(each in known or not each for each in node.input):
                known.update(node.output)
                yield node
            else:
                later.append(node)
        if len(later) == len(waiting):
            raise ValueError(f"nodes that read what nothing makes: {[n.name for n in later]}")
        waiting = later
