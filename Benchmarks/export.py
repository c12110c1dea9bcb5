"""Writes the arrays that a peer's program starts from, so that ours starts from the same.

usage: export.py PROGRAM FOLDER UNTIL CODE [ARGUMENTS…]

Runs PROGRAM's own statements, into the branches it takes, until it has made a variable called UNTIL (or to the first choice
between variants, when UNTIL is -), and then CODE, which may call `save(name, array)`.
"""
import ast, os, sys

program, folder, until, code = sys.argv[1:5]
sys.argv = [program] + sys.argv[5:]
sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
names = {"__name__": "export", "__file__": program}


class Enough(Exception):
    pass


def makes(node, name):
    return any(isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id == name for n in ast.walk(node))


def run(statements):
    for statement in statements:
        if isinstance(statement, ast.If):
            if until == "-" and "variant" in ast.dump(statement.test):
                raise Enough
            test = eval(compile(ast.Expression(statement.test), program, "eval"), names)
            run(statement.body if test else statement.orelse)
            continue
        exec(compile(ast.Module([statement], []), program, "exec"), names)
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)) and makes(statement, until):
            raise Enough


try:
    run(ast.parse(open(program).read()).body)
except Enough:
    pass
import numpy as np

os.makedirs(folder, exist_ok=True)
names["save"] = lambda name, array: np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(array))
exec(code, names)
