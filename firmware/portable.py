"""Rewrites the few things of a CPython source that MicroPython cannot parse; a source without them stays as it is.

MicroPython has no `*` in a tuple display, no `**` in a dict display and no RecursionError.
"""

import ast


def portable(source: str) -> str:
    """`source` itself when MicroPython can take it, else the same program in plainer words."""
    tree = ast.parse(source)
    plain = _Plain()
    tree = ast.fix_missing_locations(plain.visit(tree))
    return ast.unparse(tree) + "\n" if plain.changed else source


class _Plain(ast.NodeTransformer):
    changed = False

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        """{**a, "b": 1} becomes dict(a, **{"b": 1})."""
        self.generic_visit(node)
        if None not in node.keys:
            return node
        self.changed = True
        parts: list[ast.expr] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                parts.append(value)
            elif parts and isinstance(parts[-1], ast.Dict):
                parts[-1].keys.append(key)
                parts[-1].values.append(value)
            else:
                parts.append(ast.Dict([key], [value]))
        return ast.Call(ast.Name("dict", ast.Load()), parts[:1], [ast.keyword(None, part) for part in parts[1:]])

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        """(*a, b) becomes tuple(a) + (b,)."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or not any(isinstance(item, ast.Starred) for item in node.elts):
            return node
        self.changed = True
        total: ast.expr | None = None
        for item in node.elts:
            part: ast.expr = ast.Tuple([item], ast.Load())
            if isinstance(item, ast.Starred):
                part = ast.Call(ast.Name("tuple", ast.Load()), [item.value], [])
            total = part if total is None else ast.BinOp(total, ast.Add(), part)
        return total or node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """RecursionError is a RuntimeError, which MicroPython raises in its place."""
        if node.id != "RecursionError":
            return node
        self.changed = True
        return ast.Name("RuntimeError", node.ctx)
