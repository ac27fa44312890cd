"""Expressions of a tensor `x` of shape (3, 4): those that stay in the graph, and those that break it, by kind.

Several to a line, each ended by a semicolon.
"""

from __future__ import annotations

WHOLE = {
    "attributes": """
x.T ; x.t().T ; x.mT ; x.mH ; x.real ; x.to(torch.complex64).imag ; x.to(torch.complex64).real ; x.is_leaf ;
x.grad_fn ; x.itemsize ; x.nbytes ; x.name ; x.grad ; x.data ; x.layout ; x.device ; x.device.type ;
x.device.index ; str(x.device) ; x.dtype ; str(x.dtype) ; repr(x.dtype) ; x.dtype.is_floating_point ;
x.dtype.is_complex ; x.dtype.itemsize ; x.dtype.is_signed ; x.dtype.to_real() ; x.dtype.to_complex() ;
x.requires_grad ; x.is_sparse ; x.is_quantized ; x.is_mkldnn ; x.is_vulkan ; x.is_xla ; x.is_maia ; x.is_ipu ;
x.is_mtia ; x.is_nested ; x.is_sparse_csr ; x.ndim ; x.shape ; x.__class__ ; type(x) ; x.is_inference() ;
x.is_conj() ; x.is_neg() ;
""",
    "methods": """
x.size() ; x.size(0) ; x.size(-1) ; x.size(dim=1) ; x.stride() ; x.stride(1) ; x.t().stride() ; x.dim() ;
x.ndimension() ; x.numel() ; x.nelement() ; x.element_size() ; x.is_contiguous() ;
x.is_contiguous(memory_format=torch.channels_last) ; x.t().is_contiguous() ; x.type() ; x.type(torch.int64) ;
x.type('torch.DoubleTensor') ; x.type(torch.LongTensor) ; x.type_as(x.long()) ; x.float() ; x.double() ;
x.long() ; x.int() ; x.short() ; x.char() ; x.byte() ; x.bool() ; x.half() ; x.bfloat16() ; x.cfloat() ;
x.cdouble() ; x.chalf() ; x.to(torch.float64) ; x.to(torch.float64,copy=True) ; x.to('cpu') ;
x.to(torch.device('cpu'),torch.int32) ; x.to(x.long()) ; x.to(dtype=torch.int32) ;
x.to(device='cpu',dtype=torch.int32,non_blocking=True) ; x.cpu() ; x.get_device() ; x.is_complex() ;
x.is_floating_point() ; x.is_signed() ; x.is_same_size(x) ; x.dim_order() ; x.dense_dim() ; x.sparse_dim() ;
x.item() if x.numel()==1 else 0 ; len(x) ; x.contiguous() ; x.detach() ; x.detach().requires_grad ;
x.clone().is_leaf ; x.requires_grad_() ; x.clone().requires_grad_().is_leaf ;
""",
    "sizes": """
x.shape.numel() ; x.shape[0] ; x.shape[-1] ; x.shape[:1] ; x.shape+(1,) ; x.shape==(3,4) ;
x.shape==torch.Size([3,4]) ; tuple(x.shape) ; list(x.shape) ; torch.Size([1,2]) ; torch.Size((1,2)).numel() ;
torch.Size(x.shape) ; len(x.shape) ; x.shape.index(4) ; x.shape.count(3) ; x.shape*2 ; 2*x.shape ; (1,)+x.shape ;
hash(x.shape) ; str(x.shape) ; repr(x.shape) ; f'{x.shape}' ; sum(x.shape) ; max(x.shape) ; sorted(x.shape) ;
x.shape>(1,) ; 3 in x.shape ; isinstance(x.shape,tuple) ; isinstance(x.shape,torch.Size) ; type(x.shape) ;
x.size().numel() ; [*x.shape] ; torch.Size([*x.shape,1]) ; type(x.shape[1:]) ; type(x.shape+x.shape) ;
x.new_zeros(x.shape) ; torch.Size() ;
""",
    "finfo": """
torch.finfo(torch.float32).max ; torch.finfo(x.dtype).min ; torch.finfo(x.dtype).eps ;
torch.finfo(torch.float16).tiny ; torch.finfo(torch.bfloat16).bits ; torch.finfo(x.dtype).resolution ;
torch.finfo(x.dtype).smallest_normal ; torch.finfo(x.dtype).dtype ; torch.iinfo(torch.int8).max ;
torch.iinfo(torch.int64).min ; torch.iinfo(torch.uint8).bits ; torch.iinfo(torch.int32).dtype ;
torch.finfo().eps ; x+torch.finfo(x.dtype).eps ; repr(torch.finfo(x.dtype)) ; torch.finfo(x.dtype) ;
""",
    "questions": """
torch.is_tensor(x) ; torch.is_tensor(1) ; torch.is_floating_point(x) ; torch.is_complex(x) ; torch.is_conj(x) ;
torch.is_neg(x) ; torch.is_inference(x) ; torch.is_same_size(x,x) ; torch.is_signed(x) ; torch.is_distributed(x) ;
torch.is_warn_always_enabled() ; torch.result_type(x,1) ; torch.result_type(1,x) ; torch.result_type(1,2.) ;
torch.result_type(x.long(),x) ; torch.result_type(x.long(),2.5) ; torch.result_type(x[0,0],x.long()) ;
torch.promote_types(torch.int32,torch.float16) ; torch.can_cast(torch.float32,torch.int32) ;
torch.broadcast_shapes((3,1),(1,4)) ; torch.broadcast_shapes(x.shape,(4,)) ; torch.numel(x) ; torch.typename(x) ;
torch.get_default_dtype() ; torch.get_default_device() ; torch.get_device(x) ; torch.is_grad_enabled() ;
torch.is_inference_mode_enabled() ; torch.are_deterministic_algorithms_enabled() ; torch.get_num_threads() ;
torch.get_float32_matmul_precision() ; torch.is_deterministic_algorithms_warn_only_enabled() ;
torch.cuda.is_available() ; torch.backends.mps.is_available() ; torch.backends.cudnn.enabled ;
torch.backends.mkldnn.enabled ; torch.backends.cuda.matmul.allow_tf32 ; torch.cuda.device_count() ;
torch.cuda.is_initialized() ; torch.is_vulkan_available() ; torch.backends.mkldnn.is_available() ;
torch.backends.openmp.is_available() ; torch.accelerator.is_available() ; torch.xpu.is_available() ;
""",
    "creation": """
torch.zeros(2,3) ; torch.zeros((2,3)) ; torch.zeros([2,3],dtype=torch.int64) ; torch.zeros(2,3,device='cpu') ;
torch.zeros(size=(2,)) ; torch.zeros(2,requires_grad=True) ; torch.zeros(2,3,layout=torch.strided) ;
torch.zeros(2,pin_memory=False) ; torch.zeros(x.shape) ; torch.zeros(*x.shape) ; torch.zeros(x.size(0)) ;
torch.zeros(2,out=torch.empty(2)) ; torch.ones(()) ; torch.full((2,),3) ; torch.full((2,),3.5) ;
torch.full((2,),True) ; torch.full((2,),1,dtype=torch.float32) ; torch.full(size=(2,),fill_value=2) ;
torch.arange(5) ; torch.arange(1,5) ; torch.arange(1,5,2) ; torch.arange(1.,5.) ; torch.arange(0,1,0.1) ;
torch.arange(end=5) ; torch.arange(start=1,end=5,step=2) ; torch.arange(5,dtype=torch.float32,device=x.device) ;
torch.linspace(0,1,5) ; torch.linspace(0,1,steps=5,dtype=torch.float64) ; torch.logspace(0,1,5) ; torch.eye(3) ;
torch.eye(3,4) ; torch.eye(n=3,m=2) ; torch.range(1,4) ; torch.tril_indices(3,3) ;
torch.triu_indices(3,3,offset=1) ; torch.hann_window(5) ; torch.hamming_window(5,periodic=False) ;
torch.bartlett_window(5) ; torch.kaiser_window(5) ; torch.empty(2,3).shape ;
torch.empty((2,3),memory_format=torch.contiguous_format).shape ; torch.empty_strided((2,3),(3,1)).shape ;
torch.empty_permuted((2,3),(1,0)).stride() ; torch.rand(2,3) ; torch.randn(2,3) ;
torch.randn(2,3,dtype=torch.float64) ; torch.randn((2,3),generator=None) ; torch.randint(5,(2,)) ;
torch.randint(1,5,(2,)) ; torch.randint(low=0,high=3,size=(2,)) ; torch.randperm(5) ; torch.normal(0.,1.,(2,3)) ;
torch.normal(x,x.abs()+1) ; torch.normal(x,1.) ; torch.normal(mean=0.,std=x.abs()) ; torch.rand_like(x) ;
torch.randn_like(x,dtype=torch.float64) ; torch.randint_like(x,5) ; torch.randint_like(x,1,5) ;
torch.zeros_like(x) ; torch.ones_like(x,dtype=torch.int64) ; torch.full_like(x,2) ; torch.complex(x,x) ;
torch.polar(x,x) ; torch.scalar_tensor(3) ; torch.scalar_tensor(3.5,dtype=torch.float64) ; torch.vander(x[0]) ;
torch.cartesian_prod(x[0],x[1]) ; torch.meshgrid(x[0],x[1],indexing='ij') ;
torch.meshgrid([x[0],x[1]],indexing='xy') ; torch.combinations(x[0]) ; torch.block_diag(x,x) ;
torch.bernoulli(torch.full((3,),0.5)) ; torch.bernoulli(x,0.5) ; torch.multinomial(x.abs()+1,2) ;
torch.poisson(x.abs()) ; torch.empty(3).uniform_().shape ; torch.empty(3).normal_() ; x.clone().uniform_(0,1) ;
x.clone().exponential_() ; x.clone().random_(5) ; x.clone().bernoulli_(0.5) ; x.clone().cauchy_() ;
x.clone().geometric_(0.5) ; x.clone().log_normal_() ; torch.binomial(x.abs(),torch.full_like(x,.5)) ;
""",
    "construction": """
torch.tensor(1) ; torch.tensor(1.5) ; torch.tensor(True) ; torch.tensor([1,2,3]) ; torch.tensor([1.,2]) ;
torch.tensor([[1,2],[3,4]]) ; torch.tensor([]) ; torch.tensor((1,2)) ; torch.tensor([True,False]) ;
torch.tensor([1+2j]) ; torch.tensor(1,dtype=torch.float32) ; torch.tensor([1],device='cpu') ;
torch.tensor([1.],requires_grad=True) ; torch.tensor(x) ; torch.tensor(x[0,0]) ; torch.tensor([x[0,0],x[0,1]]) ;
torch.tensor(range(3)) ; torch.tensor([x.shape[0],x.size(1)]) ; torch.tensor(x.shape) ; torch.tensor(data=[1]) ;
torch.tensor([[]]) ; torch.as_tensor(1) ; torch.as_tensor([1,2]) ; torch.as_tensor(x) ;
torch.as_tensor(x,dtype=torch.int64) ; torch.as_tensor(2.5,dtype=torch.float64,device='cpu') ; torch.asarray(x) ;
torch.asarray([1,2]) ; torch.asarray(x,dtype=torch.float64) ; torch.asarray(x,copy=True) ; torch.Tensor([1,2]) ;
torch.Tensor(2,3).shape ; torch.Tensor() ; torch.Tensor(x.shape).shape ; torch.Tensor((1,2)) ;
torch.Tensor([[1.,2.]]) ; torch.LongTensor([1,2]) ; torch.FloatTensor([1,2]) ; torch.BoolTensor([True]) ;
torch.DoubleTensor([1]) ; torch.LongTensor(2,3).shape ; x.new_zeros(2) ; x.new_zeros((2,3)) ;
x.new_zeros(2,3,dtype=torch.int64) ; x.new_ones(2) ; x.new_full((2,),3) ; x.new_full((2,),3.,dtype=torch.int64) ;
x.new_tensor([1,2]) ; x.new_tensor([1,2],dtype=torch.int64) ; x.new_tensor(3) ; x.new_tensor(x) ;
x.new_empty(2).shape ; x.new_empty_strided((2,3),(3,1)).shape ; x.new(2,3).shape ; x.new([1,2]) ; x.new(x) ;
x.new().shape ; x.new(x.size()).shape ;
""",
    "results": """
torch.add(x,x,out=torch.empty(3,4)) ; torch.add(x,x,out=x) ; torch.add(x,x,alpha=2) ; torch.add(input=x,other=x) ;
torch.sort(x,out=(torch.empty(3,4),torch.empty(3,4,dtype=torch.int64))) ;
torch.max(x,0,out=(torch.empty(4),torch.empty(4,dtype=torch.int64))) ; torch.max(x,0) ;
torch.max(x,dim=1,keepdim=True).values ; torch.max(x,0)[1] ; torch.max(x) ; torch.max(x,x) ; x.max(0).indices ;
torch.topk(x,2) ; x.sort(descending=True) ; x.sort(stable=True,dim=0) ; torch.svd(x).S ; torch.linalg.svd(x).S ;
torch.linalg.qr(x) ; torch.linalg.eigh(x@x.T).eigenvalues ; torch.linalg.slogdet(x[:3,:3]) ;
torch.linalg.inv_ex(x[:,:3]+torch.eye(3)) ; torch.mode(x) ; torch.kthvalue(x,2) ; torch.median(x,0) ;
torch.cummax(x,0) ; torch.aminmax(x) ; torch.var_mean(x) ; torch.std_mean(x,dim=0) ; torch.frexp(x) ;
torch.unbind(x) ; torch.split(x,2) ; torch.split(x,[1,2]) ; torch.chunk(x,2) ; torch.tensor_split(x,2) ;
torch.hsplit(x,2) ; torch.vsplit(x,[1]) ; x.split(1) ; x.chunk(2,dim=1) ; x.unbind(1) ; torch.atleast_1d(x,x) ;
torch.atleast_2d([x,x]) ; torch.atleast_3d(x) ; torch.broadcast_tensors(x,x[0]) ; torch.where(x>2,x,0) ;
torch.where(x>2,1.,0.) ; torch.where(x>2,x,x*2) ; torch.cat([x,x]) ; torch.cat((x,x),dim=1) ;
torch.stack([x,x],1) ; torch.hstack([x,x]) ; torch.cat([x,x],out=torch.empty(6,4)) ;
torch.einsum('ij,kj->ik',x,x) ; torch.einsum('ij,kj->ik',[x,x]) ; torch.einsum('ii',x[:,:3]) ;
torch.einsum('...j,j',x,x[0]) ; torch.tensordot(x,x,dims=([0,1],[0,1])) ; torch.tensordot(x,x.T,1) ;
torch.chain_matmul(x,x.T) ; torch.linalg.multi_dot([x,x.T,x]) ; torch.histogram(x[0],4) ;
torch.histogramdd(x,[2,2,2,2]) ; torch.histc(x,4) ; torch.count_nonzero(x) ; torch.repeat_interleave(x,2) ;
torch.repeat_interleave(x,torch.tensor([1,2,1]),dim=0,output_size=4) ;
""",
    "operators": """
torch.fft.fft(x) ; torch.fft.rfft(x,n=3) ; torch.fft.fftfreq(4) ; torch.fft.rfftfreq(4,d=0.5) ;
torch.fft.fftshift(x) ; torch.fft.irfft(torch.fft.rfft(x)) ;
torch.stft(x[0].repeat(10),n_fft=8,return_complex=True) ; torch.special.expit(x) ; torch.special.logsumexp(x,0) ;
torch.special.gammaln(x+1) ; torch.lu(x[:,:3]) ; torch.linalg.norm(x) ; torch.norm(x) ; x.norm(dim=0) ;
x.norm(2) ; x.norm('fro') ; torch.cdist(x,x) ; torch.unravel_index(torch.tensor(5),(3,4)) ; x.unflatten(1,(2,2)) ;
x.unflatten(1,[-1,2]) ; x.view(torch.int32) ; x.view(2,6) ; x.view((2,6)) ; x.view(-1) ; x.view(size=(12,)) ;
x.reshape(2,-1) ; x.view_as(x) ; x.expand(2,3,4) ; x.expand_as(x) ; x.repeat(2,1) ; x.tile(2) ; x.permute(1,0) ;
x.permute((1,0)) ; x.movedim(0,1) ; x.swapaxes(0,1) ; x.squeeze() ; x.unsqueeze(0) ; x.narrow(0,1,2) ;
x.select(0,1) ; x.diagonal() ; x.unfold(0,2,1) ; x.as_strided((2,2),(1,2)) ; x.flatten() ; x.ravel() ; x.flip(0) ;
x.roll(1) ; x.rot90() ; x[0] ; x[...,0] ; x[:,None] ; x[1:,::2] ; x[[0,1]] ; x[[0,1],[1,2]] ;
x[torch.tensor([0,1])] ; x[x.argmax(1)%3] ; x[(0,1)] ; x[True] ; x[0,0] ; x.take(torch.tensor([1])) ;
x.index_select(0,torch.tensor([0])) ; x.gather(1,torch.zeros(3,1,dtype=torch.int64)) ;
x.scatter(1,torch.zeros(3,1,dtype=torch.int64),1.) ; x.scatter_add(1,torch.zeros(3,1,dtype=torch.int64),x) ;
x.index_add(0,torch.tensor([0]),x[:1]) ; x.index_put((torch.tensor([0]),),torch.tensor(1.)) ;
x.index_fill(0,torch.tensor([0]),1.) ; x.masked_fill(x>2,0) ; x.put(torch.tensor([0]),torch.tensor([1.])) ;
x.clamp(min=1) ; x.clip(1,2) ;
""",
    "rest": """
torch.ops.aten.add.Tensor(x,x) ; torch.ops.aten.add(x,x) ; torch.ops.aten.sum.dim_IntList(x,[0]) ;
pytree.tree_map(lambda t:t+1,[x,{'a':x}]) ; pytree.tree_flatten([x,(x,x)])[0] ;
pytree.tree_leaves({'a':x,'b':[x]}) ;
pytree.tree_unflatten(pytree.tree_flatten([x,(x,x)])[0],pytree.tree_flatten([x,(x,x)])[1]) ;
pytree.tree_any(lambda t: True,[x]) ; torch._assert(True,'a') ; torch.is_autocast_enabled() ;
torch.get_autocast_dtype('cpu') ; torch.is_anomaly_enabled() ; torch.device('cpu') ; torch.device('cpu',0) ;
torch.device(type='cpu') ; torch.device('cuda:1').index ; torch.device('cpu')==x.device ;
isinstance(torch.device('cpu'),torch.device) ; torch.dtype ; isinstance(x.dtype,torch.dtype) ;
{torch.float32:1}[x.dtype] ; x.dtype in (torch.float32,torch.float64) ; x.dtype==torch.float32 ;
x.dtype is torch.float32 ; x.layout is torch.strided ; torch.contiguous_format ; F.softmax(x,dim=-1) ;
F.one_hot(x[0].long(),num_classes=10) ; F.pad(x,(1,1)) ; F.interpolate(x[None,None],scale_factor=2) ;
F.normalize(x) ; F.max_pool1d(x,2,return_indices=True) ; F.gumbel_softmax(x) ; F.dropout(x) ;
F.scaled_dot_product_attention(x[None],x[None],x[None]) ; torch.jit.is_scripting() ;
torch.nn.init.normal_(x.clone()) ; torch.nn.init.xavier_uniform_(x.clone()) ; torch.Tensor.add(x,x) ;
torch.Tensor.add_(x,x) ; torch.Tensor.size(x) ; torch.Tensor.__add__(x,1) ; x.__add__(1) ; x.__radd__(1) ;
x.__getitem__(0) ; x.__len__() ; isinstance(x,torch.Tensor) ; isinstance(x,(torch.FloatTensor,)) ;
isinstance(x,torch.nn.Parameter) ; issubclass(type(x),torch.Tensor) ; torch.overrides.is_tensor_like(x) ;
x.is_cuda ; x.element_size()*x.numel() ; x.__reduce_ex__ is None ; x.unsafe_split(1) ;
x.sum(dtype=torch.float64) ; x.sum((0,1)) ; x.sum(dim=[0],keepdim=True) ; x.mean(dim=(0,1)) ;
x.std(unbiased=False) ; x.var(correction=0) ; x.prod(dtype=torch.int64) ; x.cumsum(0,dtype=torch.float64) ;
x.softmax(0,dtype=torch.float64) ; x.argmax() ; x.argmin(dim=0) ; x.any() ; x.all(0) ;
x.div(2,rounding_mode='floor') ; x//2 ; x%2 ; x**2 ; 2**x ; -x ; abs(x) ; ~(x>1) ; x@x.T ; pow(x,2) ;
(x>1)&(x<3) ; x.__rsub__(1) ; x.long()<<1 ; x.pow(2.).sqrt_() ; x.round(decimals=1) ;
""",
}

BREAKS = {
    "unsupported attribute": """
x._base ;
""",
    "unsupported method": """
x.is_shared() ; x.is_pinned() ; x.storage_offset() ; x[1:].storage_offset() ; x.is_set_to(x) ;
x.map_(x,lambda a,b:a) ; x.apply_(lambda a:a) ;
""",
    "data-dependent value": """
x.is_nonzero() ; x.sum().item() ; x.tolist() ; int(x.sum()) ; float(x.sum()) ; x.equal(x) ; torch.equal(x,x) ;
torch.allclose(x,x) ; x.allclose(x) ; torch.is_nonzero(x[0,0]) ; torch.tensor([x[0,0].item(),1]) ;
torch.istft(torch.stft(x[0].repeat(10),n_fft=8,return_complex=True,window=torch.ones(8)),8,window=torch.ones(8)) ;
F.one_hot(x[0].long()) ; x.__contains__(2.) ; 2. in x ;
""",
    "data-dependent jump": """
bool(x.sum()) ;
""",
    "unsupported call": """
torch.Tensor(x) ;
""",
    "data-dependent shape": """
torch.where(x>2) ; torch.bincount(x[0].long()) ; torch.unique(x) ;
torch.unique(x,return_inverse=True,return_counts=True) ; torch.unique_consecutive(x) ; x.unique() ;
torch.nonzero(x) ; torch.nonzero(x,as_tuple=True) ; x.nonzero() ; torch.masked_select(x,x>2) ; torch.argwhere(x) ;
x[x>2] ; torch.repeat_interleave(x,torch.tensor([1,2,1]),dim=0) ;
""",
}
