from socket import gethostname

from mpi4py import MPI

world = MPI.COMM_WORLD
hosts = world.gather(gethostname())
total = world.allreduce(world.Get_rank() + 1)
if world.Get_rank() == 0:
    print(f'{world.Get_size()} ranks on {" ".join(hosts)}, in all {total}')
